#include "unit/net/test_server.hpp"

#include <catch2/catch.hpp>

#include <sys/resource.h>

#include <algorithm>
#include <vector>

using namespace trunkline;
using namespace trunkline::net;
using namespace trunkline::test;

namespace {

std::string post(std::size_t size) {
  return "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n" + std::string(size, 'x');
}

}  // namespace

TEST_CASE("a body may be as large as the limit") {
  auto settings = loopback();
  settings.max_body_bytes = 1000;
  TestServer server(settings);
  auto client = server.start().connect();
  CHECK(client.request(post(1000)).status == 200);
  const auto response = client.request(post(1001));
  CHECK(response.status == 413);
  CHECK(response.body.find("body_too_large") != std::string::npos);
  CHECK(client.read_to_end().empty());
}

TEST_CASE("a chunked body is held to the limit too") {
  auto settings = loopback();
  settings.max_body_bytes = 1000;
  TestServer server(settings);
  auto client = server.start().connect();
  client.send("POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" + std::string(1001, 'x') +
              "\r\n0\r\n\r\n");
  CHECK(client.read_response().status == 413);
}

TEST_CASE("a chunk's head that never ends is refused, not kept") {
  TestServer server;
  auto client = server.start().connect();
  client.send("POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n1;a=" + std::string(1'000'000, 'a'));
  const auto response = client.read_response();
  CHECK(response.status == 400);
  CHECK(response.has("\r\nX-Request-Id: req_"));
}

TEST_CASE("a client that is still sending its much too large body can read why it was refused") {
  TestServer server;
  auto client = server.start().connect();
  client.send(post(8'000'000));
  CHECK(client.read_response().status == 413);
}

TEST_CASE("a header over the limit is answered with 431") {
  auto settings = loopback();
  settings.max_header_bytes = 2000;
  TestServer server(settings);
  auto client = server.start().connect();
  CHECK(client.request(get("/", "X: " + std::string(1500, 'x') + "\r\n")).status == 200);
  const auto response = client.request(get("/", "X: " + std::string(2500, 'x') + "\r\n"));
  CHECK(response.status == 431);
  CHECK(response.body.find("header_too_large") != std::string::npos);
}

TEST_CASE("a client that never finishes its header is cut off") {
  auto settings = loopback();
  settings.header_timeout = milliseconds{100};
  TestServer server(settings);
  auto client = server.start().connect();
  client.send("GET / HTTP/1.1\r\nHost:");
  CHECK(client.read_to_end().empty());
  CHECK(server.counters().timed_out == 1);
}

TEST_CASE("the header time-out holds for a request that begins right behind another") {
  auto settings = loopback();
  settings.header_timeout = milliseconds{100};
  TestServer server(settings);
  auto client = server.start().connect();
  client.send(get("/") + "GET / HTTP/1.1\r\nHost:");
  CHECK(client.read_response().status == 200);
  CHECK(client.read_to_end().empty());
}

TEST_CASE("a client that connects and says nothing is cut off") {
  auto settings = loopback();
  settings.header_timeout = milliseconds{100};
  TestServer server(settings);
  CHECK(server.start().connect().read_to_end().empty());
  CHECK(eventually([&] { return server.counters().connections == 0; }));
}

TEST_CASE("a body that does not come, and an idle connection, are cut off after the idle time-out") {
  auto settings = loopback();
  settings.idle_timeout = milliseconds{100};
  TestServer server(settings);
  server.start();
  auto half = server.connect();
  half.send("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 9\r\n\r\nhalf");
  CHECK(half.read_to_end().empty());
  auto idle = server.connect();
  CHECK(idle.request(get("/")).status == 200);
  CHECK(idle.read_to_end().empty());
  CHECK(server.counters().timed_out == 2);
}

TEST_CASE("a client that does not read its answer is cut off") {
  auto settings = loopback();
  settings.idle_timeout = milliseconds{100};
  TestServer server(settings);
  server.service.respond = [](Request&) {
    Response response;
    response.body.assign(32'000'000, 'x');
    return response;
  };
  auto client = server.start().connect();
  client.send(get("/"));
  CHECK(eventually([&] { return server.counters().timed_out == 1 && server.counters().connections == 0; }));
}

TEST_CASE("a client that keeps its side open after the last answer is cut off") {
  TestServer server;
  auto client = server.start().connect();
  client.send(get("/", "Connection: close\r\n"));
  CHECK(client.read_to_end().ends_with("GET /||"));
  CHECK(eventually([&] { return server.counters().connections == 0; }));
}

TEST_CASE("connections over the limit are refused with 503, and places come back") {
  auto settings = loopback();
  settings.max_connections = 2;
  TestServer server(settings);
  auto first = server.start().connect();
  auto second = server.connect("127.0.0.2");
  CHECK(first.request(get("/")).status == 200);
  CHECK(second.request(get("/")).status == 200);
  const auto refusal = server.connect("127.0.0.3").read_response();
  CHECK(refusal.status == 503);
  CHECK(refusal.has("Retry-After: 1"));
  CHECK(server.counters().refused == 1);
  first.close();
  CHECK(eventually([&] { return server.counters().connections == 1; }));
  CHECK(server.connect("127.0.0.3").request(get("/")).status == 200);
}

TEST_CASE("one address has its own limit") {
  auto settings = loopback();
  settings.max_connections_per_address = 1;
  TestServer server(settings);
  auto first = server.start().connect();
  CHECK(first.request(get("/")).status == 200);
  CHECK(server.connect().read_response().status == 503);
  CHECK(server.connect("127.0.0.2").request(get("/")).status == 200);
  first.reset();
  CHECK(eventually([&] { return server.counters().connections == 0; }));
  CHECK(server.connect().request(get("/")).status == 200);
}

TEST_CASE("a thousand silent connections do not keep a good client from being served") {
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = std::min<rlim_t>(files.rlim_max, 8192);  // both ends of each are in this process
  ::setrlimit(RLIMIT_NOFILE, &files);
  TestServer server;
  server.start();
  std::vector<RawClient> silent;
  for (int i = 0; i < 1000; ++i) silent.push_back(server.connect());
  CHECK(eventually([&] { return server.counters().connections == 1000; }));
  CHECK(server.connect("127.0.0.2").request(get("/good")).body == "GET /good||");
}
