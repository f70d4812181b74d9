#include "support/raw_listener.hpp"
#include "unit/net/test_server.hpp"

#include <catch2/catch.hpp>

using namespace trunkline;
using namespace trunkline::net;
using namespace trunkline::test;

TEST_CASE("a port in use is named, and listening works once it is free") {
  RawListener other;
  auto settings = loopback();
  settings.port = other.port();
  TestServer server(settings);
  const auto refused = server.server().listen();
  REQUIRE(refused.has_error());
  CHECK(refused.error().code == "port_in_use");
  CHECK(refused.error().message.find(std::to_string(other.port())) != std::string::npos);
  CHECK(refused.error().message.find("PORT") != std::string::npos);
  other.close();
  CHECK(server.start().connect().request(get("/")).status == 200);
}

TEST_CASE("an address that is none, or not ours, is named") {
  const std::string host = GENERATE(as<std::string>{}, "not an address", "192.0.2.1");
  auto settings = loopback();
  settings.host = host;
  TestServer server(settings);
  const auto refused = server.server().listen();
  REQUIRE(refused.has_error());
  CHECK(refused.error().code == "bind_failed");
  CHECK(refused.error().message.find(host) != std::string::npos);
}

TEST_CASE("an IPv4 client of a socket for both kinds is known by its IPv4 address") {
  auto settings = loopback();
  settings.host = "::ffff:127.0.0.1";
  TestServer server(settings);
  CHECK(server.start().connect().request(get("/")).has("X-Remote-Address: 127.0.0.1\r\n"));
}
