#include "api/once.hpp"

#include "unit/api/api_fixture.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace trunkline;
using namespace std::chrono_literals;
using api::test::ApiFixture;
using api::test::header;
using nlohmann::json;

namespace {

/// One route that answers as a test says, and counts.
struct OneRoute {
  net::Response post(const std::string& key, const std::string& body = "{}", const std::string& query = "",
                     const std::string& subject = "alice", const std::string& path = "/things") {
    net::Request request = ApiFixture::request("POST", path, {{"idempotency-key", key}});
    request.body = body;
    request.query = query;
    api::Exchange exchange{request, {}, {}, {subject, {}, {}}, {}};
    CHECK(api::wants_once(endpoint, request));
    return calls::test::run(api::serve_once(requests, endpoint, exchange));
  }

  calls::test::Fixture calls{store::test::Drivers::sqlite};
  api::IdempotentRequests requests{*calls.database, calls.clock, *calls.ids, 24h};
  int served = 0;
  net::Response answer = api::json_response(std::string(R"({"id":"1"})"), 201);
  api::Endpoint endpoint{"POST",
                         "/things",
                         api::Access::token,
                         auth::Permission::calls_write,
                         [this](api::Exchange&) -> asio::awaitable<net::Response> {
                           ++served;
                           co_return answer;
                         },
                         {}};
};

std::string code_of(const net::Response& response) {
  return json::parse(response.body)["code"];
}

}  // namespace

TEST_CASE_METHOD(OneRoute, "the same request takes effect once and gets the same answer") {
  answer.set("Location", "/things/1");
  const auto first = post("k1");
  CHECK(header(first, "Idempotent-Replayed").empty());
  answer = api::json_response(std::string("{}"), 200);
  const auto second = post("k1");
  CHECK(served == 1);
  CHECK(second.status == 201);
  CHECK(second.body == first.body);
  CHECK(header(second, "Location") == "/things/1");
  CHECK(header(second, "Content-Type") == "application/json");
  CHECK(header(second, "Idempotent-Replayed") == "true");
  post("k2");
  CHECK(served == 2);
}

TEST_CASE_METHOD(OneRoute, "a key means one request: who asks, for what, with which body and query") {
  post("k1", "{}");
  CHECK(code_of(post("k1", "{ }")) == "idempotency_key_reused");
  CHECK(post("k1", "{ }").status == 422);
  CHECK(post("k1", "{}", "a=b").status == 422);
  CHECK(served == 1);
  post("k1", "{}", "", "bob");
  post("k1", "{}", "", "alice", "/others");
  CHECK(served == 3);
  post("ab", "", "", "x");
  post("b", "", "", "xa");  // what is digested does not run together
  CHECK(served == 5);
}

TEST_CASE_METHOD(OneRoute, "a malformed key is refused before anything happens") {
  for (const std::string& key : {std::string(), std::string("a b"), std::string("a\x7f"),
                                 std::string("schl\xc3\xbcssel"), std::string("a\tb"), std::string(256, 'k')}) {
    CAPTURE(key);
    const auto refused = post(key);
    CHECK(refused.status == 400);
    CHECK(code_of(refused) == "invalid_idempotency_key");
  }
  CHECK(served == 0);
  CHECK(post(std::string(255, 'k')).status == 201);
  CHECK(post("!~\"quoted\"").status == 201);
}

TEST_CASE_METHOD(OneRoute, "while the first runs the second is told to come back") {
  std::optional<net::Response> second;
  api::Endpoint slow = endpoint;
  slow.handler = [&](api::Exchange& exchange) -> asio::awaitable<net::Response> {
    second = co_await api::serve_once(requests, endpoint, exchange);
    co_return api::json_response(std::string("{}"));
  };
  net::Request request = ApiFixture::request("POST", "/things", {{"Idempotency-Key", "k1"}});
  api::Exchange exchange{request, {}, {}, {"alice", {}, {}}, {}};
  CHECK(calls::test::run(api::serve_once(requests, slow, exchange)).status == 200);
  REQUIRE(second.has_value());
  CHECK(second->status == 409);
  CHECK(code_of(*second) == "request_in_flight");
  CHECK(header(*second, "Retry-After") == "1");
  CHECK(served == 0);
}

TEST_CASE_METHOD(OneRoute, "after an answer that settles nothing the same key may be tried again") {
  const int status = GENERATE(400, 401, 403, 413, 415, 422, 429, 500, 502, 503, 504);
  CAPTURE(status);
  answer.status = status;
  CHECK(post("k1").status == status);
  answer.status = 200;
  CHECK(post("k1", "put right").status == 200);
  CHECK(served == 2);
}

TEST_CASE_METHOD(OneRoute, "an answer that settles it is kept, also when it says no") {
  const int status = GENERATE(200, 202, 204, 404, 409, 410);
  CAPTURE(status);
  answer.status = status;
  post("k1");
  answer.status = 200;
  CHECK(post("k1").status == status);
  CHECK(served == 1);
}

TEST_CASE_METHOD(OneRoute, "what cannot be kept is not, and may run again") {
  SECTION("more than the limit") {
    answer.body = std::string(256 * 1024 + 1, 'x');
  }
  SECTION("no text") {
    answer.body = "\xff\xfe";
  }
  SECTION("text that a database does not take") {
    answer.body = std::string("a\0b", 3);
  }
  SECTION("a file") {
    answer.file = net::FileBody{};
  }
  post("k1");
  CHECK(header(post("k1"), "Idempotent-Replayed").empty());
  CHECK(served == 2);
}

TEST_CASE_METHOD(OneRoute, "a handler that throws leaves the key free") {
  api::Endpoint broken = endpoint;
  broken.handler = [](api::Exchange&) -> asio::awaitable<net::Response> {
    throw std::runtime_error("a bug");
    co_return net::Response{};
  };
  net::Request request = ApiFixture::request("POST", "/things", {{"Idempotency-Key", "k1"}});
  api::Exchange exchange{request, {}, {}, {"alice", {}, {}}, {}};
  CHECK(calls::test::run(api::serve_once(requests, broken, exchange)).status == 500);
  request.body = "{}";
  CHECK(post("k1").status == 201);
}

TEST_CASE("a store that is away refuses a request with a key, and one that goes away keeps no answer back") {
  calls::test::Fixture calls{store::test::Drivers::sqlite};
  calls::test::FlakyDatabase flaky(*calls.database);
  api::IdempotentRequests requests(flaky, calls.clock, *calls.ids, 24h);
  int served = 0;
  const api::Endpoint endpoint{"POST",
                               "/things",
                               api::Access::token,
                               auth::Permission::calls_write,
                               [&](api::Exchange&) -> asio::awaitable<net::Response> {
                                 ++served;
                                 flaky.fail_writes(1);
                                 co_return api::json_response(std::string("{}"));
                               },
                               {}};
  net::Request request = ApiFixture::request("POST", "/things", {{"Idempotency-Key", "k1"}});
  api::Exchange exchange{request, {}, {}, {"alice", {}, {}}, {}};
  const auto post = [&] { return calls::test::run(api::serve_once(requests, endpoint, exchange)).status; };
  flaky.fail_writes(1);
  CHECK(post() == 503);
  CHECK(served == 0);
  CHECK(post() == 200);
  CHECK(post() == 409);
  calls.clock.advance(api::IdempotentRequests::in_flight_limit);
  CHECK(post() == 200);
  CHECK(served == 2);
}

TEST_CASE("only a POST of the API that asks for it is served once") {
  const auto wants = [](const char* method, api::Access access, net::Headers headers) {
    return api::wants_once({method, "/", access, {}, {}, {}}, ApiFixture::request(method, "/", std::move(headers)));
  };
  CHECK(wants("POST", api::Access::token, {{"Idempotency-Key", "k"}}));
  CHECK(wants("POST", api::Access::token, {{"Idempotency-Key", ""}}));
  CHECK_FALSE(wants("POST", api::Access::token, {}));
  CHECK_FALSE(wants("PUT", api::Access::token, {{"Idempotency-Key", "k"}}));
  CHECK_FALSE(wants("POST", api::Access::provider, {{"Idempotency-Key", "k"}}));
}

TEST_CASE("a call is ended once for a key, whatever becomes of it afterwards") {
  ApiFixture here;
  const std::string call = here.calls.arrive("CA1").call_id;
  const auto end = [&](const std::string& token) {
    return here.serve(ApiFixture::request("POST", "/api/v1/calls/" + call + "/end",
                                          {{"Authorization", "Bearer " + token}, {"Idempotency-Key", "end-1"}}));
  };
  CHECK(end(here.token("viewer")).status == 403);  // nothing of that is remembered
  const auto first = end(here.token());
  CHECK(first.status == 200);
  here.provider.result = make_error("provider_failed", "it is asked no more");
  const auto second = end(here.token());
  CHECK(second.body == first.body);
  CHECK(header(second, "Idempotent-Replayed") == "true");
}
