#include "support/raw_listener.hpp"
#include "unit/net/fetching.hpp"
#include "unit/net/test_server.hpp"

#include <catch2/catch.hpp>

using namespace trunkline;
using namespace trunkline::net;
using namespace trunkline::test;

namespace {

ClientRequest asking(const RawListener& listener) {
  ClientRequest request;
  request.url = "http://127.0.0.1:" + std::to_string(listener.port()) + "/";
  return request;
}

// What fetch() makes of `answer`, after which the server hangs up.
Result<ClientResponse> answered(std::string_view answer, std::size_t max_body_bytes = 1000) {
  RawListener listener;
  auto request = asking(listener);
  request.max_body_bytes = max_body_bytes;
  auto response = fetch_meanwhile(request);
  {
    auto peer = listener.accept();
    peer.read_until("\r\n\r\n");
    peer.send(answer);
  }
  return response.get();
}

}  // namespace

TEST_CASE("a request reaches the server whole and its answer comes back whole") {
  TestServer server;
  server.start();
  ClientRequest request;
  request.method = "PUT";
  request.url = server.url("http", "/path?a=b");
  request.headers = {{"X-Request-Id", "mine"}};
  request.body = std::string(500'000, 'b');
  const auto response = fetch_now(request);
  REQUIRE(response.has_value());
  CHECK(response->status == 200);
  CHECK(find_header(response->headers, "x-request-id") == "mine");
  CHECK((response->body == "PUT /path|a=b|" + request.body));
}

TEST_CASE("HEAD has an answer without a body, a method of our own is passed on") {
  TestServer server;
  server.start();
  ClientRequest request;
  request.url = server.url("http", "/h");
  request.method = "HEAD";
  const auto head = fetch_now(request);
  REQUIRE(head.has_value());
  CHECK(head->body.empty());
  CHECK(find_header(head->headers, "Content-Length") == "9");
  request.method = "PATCH";
  CHECK(fetch_now(request)->body == "PATCH /h||");
}

TEST_CASE("chunked answers and answers that end with the connection are read") {
  CHECK(answered("HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")->body == "abc");
  CHECK(answered("HTTP/1.0 200 OK\r\n\r\nuntil the end")->body == "until the end");
}

TEST_CASE("the request says Host, Connection: close and its length") {
  RawListener listener;
  auto request = asking(listener);
  request.method = "POST";
  request.body = "12345";
  auto response = fetch_meanwhile(request);
  auto peer = listener.accept();
  const auto head = peer.read_until("\r\n\r\n");
  CHECK(head.starts_with("POST / HTTP/1.1\r\n"));
  CHECK(head.find("Host: 127.0.0.1:" + std::to_string(listener.port()) + "\r\n") != std::string::npos);
  CHECK(head.find("Connection: close\r\n") != std::string::npos);
  CHECK(head.find("Content-Length: 5\r\n") != std::string::npos);
  CHECK(peer.read(5) == "12345");
  peer.send("HTTP/1.1 204 No Content\r\n\r\n");
  CHECK(response.get()->status == 204);
}

TEST_CASE("what is no URL, and who cannot be reached, are errors of their own") {
  ClientRequest request;
  request.url = "no url";
  CHECK(error_code_of(fetch_now(request)) == "invalid_url");
  RawListener listener;
  request = asking(listener);
  listener.close();
  CHECK(error_code_of(fetch_now(request)) == "unreachable");
  request.url = "http://host.invalid/";
  CHECK(error_code_of(fetch_now(request)) == "unreachable");
}

TEST_CASE("a server that says nothing, or stops in the middle, is given up after the time-out") {
  RawListener listener;
  auto request = asking(listener);
  request.timeout = milliseconds{50};
  CHECK(error_code_of(fetch_now(request)) == "timeout");
  auto response = fetch_meanwhile(request);
  listener.accept();  // of the first
  auto peer = listener.accept();
  peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
  CHECK(error_code_of(response.get()) == "timeout");
}

TEST_CASE("an answer that is no answer is a bad response") {
  for (const char* answer :
       {"", "SSH-2.0-OpenSSH\r\n\r\n", "HTTP/1.1 200", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"}) {
    CAPTURE(answer);
    CHECK(error_code_of(answered(answer)) == "bad_response");
  }
}

TEST_CASE("an answer larger than asked for is a bad response") {
  CHECK(answered("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789", 10)->body.size() == 10);
  CHECK(error_code_of(answered("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n0123456789A", 10)) == "bad_response");
  CHECK(error_code_of(answered("HTTP/1.1 200 OK\r\n\r\n0123456789A", 10)) == "bad_response");
}

TEST_CASE("a host none of whose addresses is admitted is not connected to, and each is asked about") {
  RawListener listener;
  auto request = asking(listener);
  std::vector<std::string> asked;
  request.url = "http://localhost:" + std::to_string(listener.port()) + "/";
  request.admits = [&asked](const boost::asio::ip::address& address) {
    asked.push_back(address.to_string());
    return false;
  };
  CHECK(error_code_of(fetch_now(request)) == "address_refused");
  CHECK_FALSE(asked.empty());
  for (const auto& address : asked) CHECK((address == "127.0.0.1" || address == "::1"));
}

TEST_CASE("only an admitted address is connected to") {
  TestServer server;
  server.start();
  ClientRequest request;
  request.url = server.url("http", "/");
  request.admits = [](const boost::asio::ip::address& address) { return address.is_loopback(); };
  CHECK(fetch_now(request)->status == 200);
}

TEST_CASE("where the body does not matter the status counts, however large or broken the body is") {
  RawListener listener;
  auto request = asking(listener);
  request.max_body_bytes = 10;
  request.body_matters = false;
  auto response = fetch_meanwhile(request);
  {
    auto peer = listener.accept();
    peer.read_until("\r\n\r\n");
    peer.send("HTTP/1.1 202 Accepted\r\nRetry-After: 7\r\nContent-Length: 11\r\n\r\nhello world");
  }
  const auto taken = response.get();
  REQUIRE(taken.has_value());
  CHECK(taken->status == 202);
  CHECK(find_header(taken->headers, "Retry-After") == "7");
  CHECK(taken->body.empty());
}
