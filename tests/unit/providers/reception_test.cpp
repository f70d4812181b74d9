#include <trunkline/providers/reception.hpp>

#include <catch2/catch.hpp>

using namespace trunkline;
using providers::websocket_url;

TEST_CASE("a web address becomes that of a socket") {
  CHECK(websocket_url("https://gw.example/a") == "wss://gw.example/a");
  CHECK(websocket_url("http://127.0.0.1:8080") == "ws://127.0.0.1:8080");
  CHECK(websocket_url("wss://gw.example") == "wss://gw.example");
}
