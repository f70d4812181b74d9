#include "unit/net/test_server.hpp"

#include <trunkline/base/text.hpp>

#include <catch2/catch.hpp>

using namespace trunkline;
using namespace trunkline::net;
using namespace trunkline::test;

TEST_CASE("a connection is kept alive and its requests are answered in turn") {
  TestServer server;
  auto client = server.start().connect();
  for (int i = 0; i < 3; ++i) {
    const auto response = client.request(get("/a%20b?n=" + std::to_string(i)));
    CHECK(response.status == 200);
    CHECK(response.has("\r\nConnection: keep-alive\r\n"));
    CHECK(response.has("\r\nX-Remote-Address: 127.0.0.1\r\n"));
    CHECK(response.body == "GET /a%20b|n=" + std::to_string(i) + "|");
  }
  CHECK(server.counters().connections == 1);
}

TEST_CASE("a client behind a trusted proxy is told from the proxy") {
  config::Server settings = loopback();
  const std::string request = "GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 192.0.2.7\r\n\r\n";
  {
    TestServer server(settings);
    CHECK(server.start().connect().request(request).has("\r\nX-Client-Address: 127.0.0.1\r\n"));
  }
  settings.trusted_proxies = {"10.0.0.0/8", "127.0.0.1"};
  TestServer server(settings);
  const auto response = server.start().connect().request(request);
  CHECK(response.has("\r\nX-Client-Address: 192.0.2.7\r\n"));
  CHECK(response.has("\r\nX-Remote-Address: 127.0.0.1\r\n"));
}

TEST_CASE("pipelined requests are answered in order") {
  TestServer server;
  auto client = server.start().connect();
  client.send("POST /1 HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\n\r\none" + get("/2") + get("/3") +
              "POST /4 HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nfo\r\n2\r\nur\r\n0\r\n\r\n");
  CHECK(client.read_response().body == "POST /1||one");
  CHECK(client.read_response().body == "GET /2||");
  CHECK(client.read_response().body == "GET /3||");
  CHECK(client.read_response().body == "POST /4||four");
}

TEST_CASE("a request that comes byte by byte is a request") {
  TestServer server;
  auto client = server.start().connect();
  for (const char c : std::string("POST /slow HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\n\r\nok"))
    client.send({&c, 1});
  CHECK(client.read_response().body == "POST /slow||ok");
}

TEST_CASE("the connection closes when the client wants it, with the answer sent") {
  TestServer server;
  server.start();
  const std::string request =
      GENERATE(as<std::string>{}, "GET / HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n", "GET / HTTP/1.0\r\n\r\n");
  auto client = server.connect();
  client.send(request);
  const auto answer = client.read_to_end();
  CHECK(answer.starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(answer.find("Connection: close\r\n") != std::string::npos);
  CHECK(answer.ends_with("GET /||"));
}

TEST_CASE("a client that has said its last still gets its answer") {
  TestServer server;
  auto client = server.start().connect();
  client.send(get("/last"));
  client.half_close();
  CHECK(client.read_to_end().ends_with("GET /last||"));
}

TEST_CASE("HEAD is answered with the length and without the body, whatever the service makes of the request") {
  TestServer server;
  server.service.respond = [](Request& request) {
    request.method = "GET";
    return TestService::describe(request);
  };
  auto client = server.start().connect();
  client.send("HEAD /h HTTP/1.1\r\nHost: t\r\n\r\n" + get("/next"));
  const auto head = client.read_response(true);
  CHECK(head.status == 200);
  CHECK(head.has("Content-Length: 8\r\n"));
  CHECK(client.read_response().body == "GET /next||");
}

TEST_CASE("foreign text in a header's value begins no header of its own") {
  TestServer server;
  server.service.respond = [](Request&) {
    Response response;
    response.set("X-Name", std::string("a\r\nSet-Cookie: b\0c", 18));
    return response;
  };
  auto client = server.start().connect();
  CHECK(client.request(get("/")).has("\r\nX-Name: aSet-Cookie: bc\r\n"));
}

TEST_CASE("a target that names the server is found by its path, and kept as it was sent") {
  TestServer server;
  server.service.respond = [](Request& request) {
    Response response;
    response.body = request.path + "|" + request.query + "|" + request.target;
    return response;
  };
  auto client = server.start().connect();
  CHECK(client.request(get("http://host:1/a?b=c")).body == "/a|b=c|http://host:1/a?b=c");
  CHECK(client.request(get("http://host")).body == "/||http://host");
  CHECK(client.request(get("/x?u=http://y/z")).body == "/x|u=http://y/z|/x?u=http://y/z");
}

TEST_CASE("every answer says when it was given") {
  TestServer server;
  auto client = server.start().connect();
  const auto before = text::to_rfc2822(system_clock().wall(), "GMT");
  const auto response = client.request(get("/"));
  const auto after = text::to_rfc2822(system_clock().wall(), "GMT");
  CHECK((response.has("Date: " + before + "\r\n") || response.has("Date: " + after + "\r\n")));
}

TEST_CASE("204 and 304 have neither body nor length") {
  TestServer server;
  server.service.respond = [](Request& request) {
    Response response;
    response.status = request.path == "/204" ? 204 : 304;
    response.body = "never sent";
    return response;
  };
  auto client = server.start().connect();
  client.send(get("/204") + get("/304") + get("/204"));
  for (const int status : {204, 304, 204}) {
    const auto response = client.read_response();
    CHECK(response.status == status);
    CHECK_FALSE(response.has("Content-Length"));
  }
}

TEST_CASE("a client's request id is kept when it is sane and replaced when not") {
  TestServer server;
  auto client = server.start().connect();
  CHECK(client.request(get("/", "X-Request-Id: a-B_9.z\r\n")).has("\r\nX-Request-Id: a-B_9.z\r\n"));
  const std::string longest(64, 'x');
  CHECK(client.request(get("/", "X-Request-Id: " + longest + "\r\n")).has("\r\nX-Request-Id: " + longest + "\r\n"));
  for (const std::string& insane : {std::string(), std::string(65, 'x'), std::string("a b"), std::string("<script>"),
                                    std::string("a\"b"), std::string("\xC3\xA4")}) {
    CAPTURE(insane);
    CHECK(client.request(get("/", "X-Request-Id: " + insane + "\r\n")).has("\r\nX-Request-Id: req_"));
  }
  CHECK(client.request(get("/")).has("\r\nX-Request-Id: req_"));
}

TEST_CASE("Expect: 100-continue is answered before the body comes") {
  TestServer server;
  auto client = server.start().connect();
  client.send("POST /big HTTP/1.1\r\nHost: t\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
  CHECK(client.read_until("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("body");
  CHECK(client.read_response().body == "POST /big||body");
}

TEST_CASE("a body that the service does not want is neither asked for nor read, and its connection ends") {
  TestServer server;
  server.service.reads = [](const net::Request& request) { return request.path == "/wanted"; };
  auto client = server.start().connect();
  CHECK(client.request("POST /wanted HTTP/1.1\r\nHost: t\r\nContent-Length: 1\r\n\r\n1").body == "POST /wanted||1");
  client.send("POST /not HTTP/1.1\r\nHost: t\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
  const auto response = client.read_response();
  CHECK(response.status == 200);
  CHECK(response.body == "POST /not||");
  CHECK(response.has("\r\nConnection: close\r\n"));
  CHECK(client.read_to_end().empty());
}

TEST_CASE("what is not HTTP is answered with 400 and an end") {
  TestServer server;
  server.start();
  const std::string nonsense = GENERATE(
      as<std::string>{}, "\x16\x03\x01\x02\x01 no TLS here\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n",
      "GET / HTTP/1.1\r\nno colon\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: -1\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
      "POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n");
  CAPTURE(nonsense);
  auto client = server.connect();
  client.send(nonsense);
  const auto response = client.read_response();
  CHECK(response.status == 400);
  CHECK(response.has("Connection: close\r\n"));
  CHECK(response.body.find("malformed_request") != std::string::npos);
  CHECK(client.read_to_end().empty());
  CHECK(server.counters().malformed == 1);
}

TEST_CASE("while a server drains it answers, but keeps no connection") {
  TestServer server;
  auto client = server.start().connect();
  CHECK(client.request(get("/1")).has("Connection: keep-alive"));
  server.server().stop_keep_alive();
  CHECK(client.request(get("/2")).has("Connection: close"));
  CHECK(client.read_to_end().empty());
  CHECK(server.connect().request(get("/3")).has("Connection: close"));
}

TEST_CASE("closing all ends idle connections and takes no new ones") {
  TestServer server;
  auto idle = server.start().connect();
  CHECK(idle.request(get("/")).status == 200);
  server.server().close_all();
  CHECK(idle.read_to_end().empty());
  CHECK(eventually([&] { return server.counters().connections == 0; }));
  CHECK_THROWS(server.connect());
}
