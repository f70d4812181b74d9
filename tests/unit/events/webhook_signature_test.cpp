#include "events/webhook_signature.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

namespace trunkline::events::webhooks {
namespace {

// The vector of the Standard Webhooks libraries.
const std::string published_secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
constexpr std::string_view id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
constexpr std::int64_t timestamp = 1'614'265'330;
constexpr std::string_view body = R"({"test": 2432232314})";
const std::string published = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

TEST_CASE("the signature of the published example comes out") {
  const std::vector<std::string> secrets = {published_secret};
  CHECK(sign(secrets, id, timestamp, body).value() == published);
}

TEST_CASE("id, time and body are all signed") {
  const std::vector<std::string> secrets = {published_secret};
  CHECK(sign(secrets, "msg_2", timestamp, body).value() != published);
  CHECK(sign(secrets, id, timestamp + 1, body).value() != published);
  CHECK(sign(secrets, id, timestamp, "{}").value() != published);
}

TEST_CASE("during a rotation both secrets sign, the new one first") {
  const std::string fresh = make_secret(std::string(64, '7'));
  const std::vector<std::string> secrets = {fresh, published_secret};
  const std::vector<std::string> alone = {fresh};
  const auto both = sign(secrets, id, timestamp, body).value();
  CHECK(both == sign(alone, id, timestamp, body).value() + " " + published);
}

TEST_CASE("a new secret is the prefix and the key's bytes in Base64") {
  CHECK(make_secret("31f290f6bf06298aab4f08d43c3f082cf648a362da2da4b0") == published_secret);
}

TEST_CASE("what is no secret does not sign") {
  for (const std::string& bad :
       {std::string(""), std::string("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), std::string("whsec_"),
        make_secret(std::string(46, 'a')), make_secret(std::string(130, 'a')),
        std::string("whsec_%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%")}) {
    const std::vector<std::string> secrets = {bad};
    CAPTURE(bad);
    CHECK(sign(secrets, id, timestamp, body).has_error());
  }
}

}  // namespace
}  // namespace trunkline::events::webhooks
