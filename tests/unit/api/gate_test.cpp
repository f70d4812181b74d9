#include "unit/api/api_fixture.hpp"
#include "unit/observe/captured_log.hpp"

#include <trunkline/net/problem.hpp>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace trunkline;
using api::test::ApiFixture;
using api::test::header;
using test::CapturedLog;

namespace {

std::string code_of(const net::Response& response) {
  return nlohmann::json::parse(response.body)["code"];
}

config::Security by_token() {
  config::Security security;
  security.metrics_access = config::MetricsAccess::token;
  return security;
}

}  // namespace

TEST_CASE("a token in the query opens what a browser cannot ask for with a header, and nothing else") {
  ApiFixture here(by_token());
  const std::string call = here.calls.arrive("CA1").call_id;
  const auto with_query = [&](const std::string& method, const std::string& path) {
    auto request = ApiFixture::request(method, path);
    request.query = "access_token=" + here.token();
    return request;
  };
  CHECK(here.serve(with_query("GET", "/docs")).status == 200);
  CHECK(here.serve(with_query("GET", "/api/v1/media-recordings/rec_1/audio")).status == 404);
  CHECK(here.upgrade(with_query("GET", "/api/v1/events")).handler != nullptr);
  CHECK(code_of(here.upgrade(with_query("GET", "/api/v1/calls/" + call + "/audio")).refusal) == "call_not_live");

  CHECK(here.serve(with_query("GET", "/api/v1/calls")).status == 401);
  CHECK(here.serve(with_query("GET", "/api/v1/events")).status == 401);
  CHECK(here.serve(with_query("GET", "/api/v1/media-recordings/rec_1")).status == 401);
  CHECK(here.serve(with_query("POST", "/api/v1/calls/" + call + "/end")).status == 401);
  CHECK(here.serve(with_query("PUT", "/api/v1/system/log-level")).status == 401);
  CHECK(here.serve(with_query("GET", "/metrics")).status == 401);
  CHECK(here.serve(with_query("GET", "/openapi.json")).status == 401);
}

TEST_CASE("metrics are open to who asks this host for itself") {
  ApiFixture here;
  const auto status = [&](net::Headers headers, const std::string& from = "127.0.0.1") {
    auto request = ApiFixture::request("GET", "/metrics", std::move(headers));
    request.remote_address = from;
    return here.serve(std::move(request)).status;
  };
  for (const std::string host : {"127.0.0.1", "127.0.0.1:8080", "[::1]", "[::1]:8080", "localhost", "LocalHost:8080"}) {
    CAPTURE(host);
    CHECK(status({{"Host", host}}) == 200);
  }
  for (const std::string host : {"", ":8080", "calls.example.com", "localhost.example.com", "127.0.0.1.example.com",
                                 "[::1", "[::2]:8080", "localhost@example.com"}) {
    CAPTURE(host);
    CHECK(status({{"Host", host}}) == 401);
  }
  CHECK(status({}) == 401);
  CHECK(status({{"Host", "localhost"}}, "192.0.2.7") == 401);
  CHECK(status({{"Host", "localhost"}, {"X-Forwarded-For", "192.0.2.7"}}) == 401);
  CHECK(status({{"Host", "localhost"}, {"Forwarded", "for=192.0.2.7"}}) == 401);
}

TEST_CASE("who a trusted proxy speaks for is not at this host, whatever address the proxy names") {
  ApiFixture here;
  auto request = ApiFixture::request("GET", "/metrics", {{"Host", "localhost"}, {"X-Forwarded-For", "127.0.0.1"}});
  request.client_address = "127.0.0.1";
  request.remote_address = "10.0.0.1";
  CHECK(here.serve(request).status == 401);
  request.remote_address = "127.0.0.1";
  CHECK(here.serve(request).status == 401);
}

TEST_CASE("the log names the client, not its proxy") {
  ApiFixture here;
  const CapturedLog log;
  auto request = ApiFixture::request("GET", "/nowhere");
  request.client_address = "192.0.2.7";
  here.serve(std::move(request));
  CHECK(nlohmann::json::parse(log.last())["remote"] == "192.0.2.7");
}

TEST_CASE("long JSON is compressed for who takes that") {
  ApiFixture here;
  CHECK(header(here.get("/openapi.json", {{"Accept-Encoding", "br, gzip"}}), "Content-Encoding") == "gzip");
  CHECK(header(here.get("/openapi.json", {{"Accept-Encoding", "gzip;q=0"}}), "Content-Encoding").empty());
  CHECK(header(here.get("/openapi.json"), "Content-Encoding").empty());
}

TEST_CASE("a wrong method is told the right ones, each once") {
  ApiFixture here;
  const auto answer = here.serve(ApiFixture::request("DELETE", "/api/v1/calls/active"));
  CHECK(answer.status == 405);
  CHECK(header(answer, "Allow") == "GET, HEAD");
}

TEST_CASE("a token that is refused is named as the reason, a missing one is asked for") {
  ApiFixture here;
  const auto challenge = [&](net::Headers headers) {
    const auto answer = here.serve(ApiFixture::request("GET", "/api/v1/calls", std::move(headers)));
    CHECK(answer.status == 401);
    return std::string(header(answer, "WWW-Authenticate"));
  };
  CHECK(challenge({}) == "Bearer realm=\"trunkline\"");
  CHECK(challenge({{"Authorization", "Basic eDp5"}}) == "Bearer realm=\"trunkline\"");
  CHECK(challenge({{"Authorization", "Bearer x.y.z"}}) == "Bearer realm=\"trunkline\", error=\"invalid_token\"");
}

TEST_CASE("who may not be served is not listened to") {
  ApiFixture here(by_token());
  CHECK(here.serve(ApiFixture::request("PUT", "/api/v1/system/log-level")).status == 401);
  CHECK(here.serve(ApiFixture::request("POST", "/nowhere")).status == 404);
  CHECK(here.serve(ApiFixture::request("POST", "/health")).status == 405);
  CHECK(here.serve(ApiFixture::request("GET", "/api/v1/calls/call_1/audio")).status == 426);
  CHECK(here.body.received == 0);
  CHECK(here.get("/api/v1/calls").status == 200);
  CHECK(here.body.received == 1);
}

TEST_CASE("a body that cannot be taken is answered as the connection says") {
  ApiFixture here;
  here.body.refusal = net::problem(413, make_error("body_too_large", "too large"), "req_1");
  const auto answer = here.get("/api/v1/calls");
  CHECK(answer.status == 413);
  CHECK(header(answer, "X-Request-Id") == "req_1");
}

TEST_CASE("a log line of a request names its call, and never a number") {
  ApiFixture here;
  const CapturedLog log;
  const std::string call = here.calls.arrive("CA1").call_id;
  here.get("/api/v1/calls/" + call);
  CHECK(nlohmann::json::parse(log.last())["callId"] == call);
  for (const std::string number : {"+14155550123", "%2B14155550123", "14155550123"}) {
    CAPTURE(number);
    here.get("/api/v1/calls/" + number);
    CHECK(log.last().find("5550123") == std::string::npos);
    here.get("/nowhere/" + number + "/x");
    CHECK(log.last().find("5550123") == std::string::npos);
    CHECK(log.last().find("/x\"") != std::string::npos);
  }
  here.get("/api/v1/calls");
  CHECK_FALSE(nlohmann::json::parse(log.last()).contains("callId"));
}

TEST_CASE("who asks for events that there are none of is told so") {
  ApiFixture here;
  const auto asked = [&](const std::string& types) {
    auto request = ApiFixture::request("GET", "/api/v1/events", {{"Authorization", here.bearer()}});
    request.query = "types=" + types;
    return here.upgrade(std::move(request));
  };
  for (const std::string types : {"call.*", "media.started", "transcript.interim", "call.status,dtmf.*"}) {
    CAPTURE(types);
    CHECK(asked(types).handler != nullptr);
  }
  for (const std::string types : {"*", "call", "nope.*", "call.status,", ".*", "call.stat.*"}) {
    CAPTURE(types);
    CHECK(code_of(asked(types).refusal) == "invalid_parameter");
  }
}

TEST_CASE("an upgrade that an ordinary address is asked for is left aside") {
  ApiFixture here;
  auto request = ApiFixture::request("GET", "/health");
  const auto answer = here.upgrade(std::move(request));
  CHECK(answer.handler == nullptr);
  CHECK(answer.refusal.status == 200);
  CHECK(here.upgrade(ApiFixture::request("GET", "/nowhere")).refusal.status == 404);
}

TEST_CASE("a media socket is opened for a call that runs, and for no other") {
  ApiFixture here;
  const auto opened = [&](const std::string& call) {
    return here.upgrade(ApiFixture::request("GET", "/media/twilio/" + call));
  };
  CHECK(code_of(opened("call_unknown").refusal) == "call_not_found");
  const std::string call = here.calls.arrive("CA1").call_id;
  auto request = ApiFixture::request("GET", "/media/twilio/" + call);
  request.worker = &here.workers.at(0);
  CHECK(here.upgrade(std::move(request)).handler != nullptr);
  REQUIRE(here.calls.report("CA1", "over", calls::State::ended).has_value());
  const auto late = opened(call);
  CHECK(late.refusal.status == 409);
  CHECK(code_of(late.refusal) == "call_over");
}
