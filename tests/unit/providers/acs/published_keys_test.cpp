#include "support/raw_listener.hpp"
#include "unit/calls/service_fixture.hpp"

#include <trunkline/providers/acs/published_keys.hpp>

#include <catch2/catch.hpp>

#include <future>

using namespace trunkline;

namespace {

struct Fetched {
  std::string request;
  Result<std::string> text;
};

/// What comes of keys that are published with this answer.
Fetched fetch(const std::string& answer) {
  test::RawListener issuer;
  const auto keys =
      providers::acs::published_keys("http://127.0.0.1:" + std::to_string(issuer.port()) + "/calling/keys");
  auto text = std::async(std::launch::async, [&] { return calls::test::run(keys()); });
  auto connection = issuer.accept();
  const std::string request = connection.read_until("\r\n\r\n");
  connection.send(answer);
  return {request, text.get()};
}

std::string answer(const std::string& status, const std::string& body) {
  return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" +
         body;
}

}  // namespace

TEST_CASE("published keys are fetched from their address") {
  const auto fetched = fetch(answer("200 OK", R"({"keys":[]})"));
  CHECK(fetched.request.starts_with("GET /calling/keys HTTP/1.1\r\n"));
  CHECK(fetched.text.value() == R"({"keys":[]})");
}

TEST_CASE("an answer that is not the keys is an error, and one that is too long is not read") {
  CHECK(fetch(answer("404 Not Found", "{}")).text.error().code == "bad_response");
  CHECK(fetch(answer("302 Found", "{}")).text.error().code == "bad_response");
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(auth::RotatingKeys::max_bytes + 1);
  CHECK(fetch(head + "\r\nConnection: close\r\n\r\n").text.error().code == "bad_response");
}
