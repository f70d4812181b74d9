#include "support/manual_clock.hpp"
#include "unit/providers/acs/fake_service.hpp"

#include <trunkline/providers/acs/call_automation.hpp>
#include <trunkline/providers/acs/signing.hpp>

#include <catch2/catch.hpp>

#include <string>

using namespace trunkline;
using namespace trunkline::providers::acs;
using test::answer_of;
using test::FakeService;
using test::run;

namespace {

const std::string key = "0123456789abcdef";
const std::string not_found = R"({"error":{"code":"8522","message":"Call not found."}})";

struct Asker {
  explicit Asker(const std::string& url)
      : client(
            {parse_endpoint(url).value(), access_key_credential(key, clock), clock, *ids, {}, {}, trunkline::pause}) {}

  trunkline::test::ManualClock clock;
  std::unique_ptr<Ids> ids = make_ids(clock);
  CallAutomation client;
};

Error refused(int status, const std::string& body = "") {
  const FakeService service({answer_of(status, body)});
  Asker asker(service.url());
  const auto checked = run(asker.client.check());
  CHECK(service.received().size() == 1);  // never repeated
  return checked ? Error() : checked.error();
}

}  // namespace

TEST_CASE("a service that knows of no such call is there, and has believed the signature") {
  const FakeService service({answer_of(404, not_found)});
  Asker asker(service.url());
  CHECK(run(asker.client.check()).has_value());
  const auto received = service.received();
  REQUIRE(received.size() == 1);
  CHECK(received[0].method == "GET");
  CHECK(received[0].target == "/calling/callConnections/00000000-0000-0000-0000-000000000000?api-version=2025-05-15");
  const SignatureHeaders headers{received[0].header("x-ms-date"), received[0].header("x-ms-content-sha256"),
                                 received[0].header("Authorization")};
  CHECK(verify(key, {"GET", received[0].target, service.host(), ""}, headers, asker.clock.wall()).has_value());
}

TEST_CASE("a service that finds fault with the question alone is there as well") {
  CHECK(refused(400, R"({"error":{"code":"8523","message":"Invalid request"}})").code.empty());
}

TEST_CASE("what a service says of us tells credentials, trouble and strangers apart") {
  const std::string denied = R"({"error":{"code":"Denied","message":"Denied by the resource provider."}})";
  CHECK(refused(401, denied).code == "credentials_refused");
  CHECK_THAT(refused(401, denied).message, Catch::Contains("(HTTP 401, Denied)"));
  CHECK(refused(403).code == "credentials_refused");
  CHECK(refused(429, R"({"error":{"code":"8529","message":"slow down"}})").code == "rate_limited");
  CHECK(refused(500).code == "provider_unavailable");
  CHECK(refused(503, "Service Unavailable").code == "provider_unavailable");
  CHECK(refused(404, "<html>not here</html>").code == "provider_failed");
  CHECK(refused(302).code == "provider_failed");
}

TEST_CASE("nobody at the endpoint is told as that, and nothing secret with it") {
  FakeService service({answer_of(404, not_found)});
  Asker asker(service.url());
  service.stop();
  const auto checked = run(asker.client.check());
  REQUIRE(checked.has_error());
  CHECK(checked.error().code == "unreachable");
  CHECK(checked.error().message.find(key) == std::string::npos);
}

TEST_CASE("checks say nothing about whether commands are worth sending") {
  const FakeService service({answer_of(500)});
  Asker asker(service.url());
  for (int i = 0; i < 12; ++i) CHECK(run(asker.client.check()).error().code == "provider_unavailable");
  CHECK_FALSE(asker.client.resting());
}

TEST_CASE("without a resource there is nothing to check") {
  trunkline::test::ManualClock clock;
  const auto ids = make_ids(clock);
  CallAutomation client({{}, nullptr, clock, *ids, {}, {}, trunkline::pause});
  CHECK(run(client.check()).error().code == "provider_not_configured");
}
