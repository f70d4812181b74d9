#include "api/exchange.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace trunkline;
using api::QueryReader;

TEST_CASE("an error's code decides the status") {
  CHECK(api::status_of(make_error("call_not_found", "")) == 404);
  CHECK(api::status_of(make_error("store_unavailable", "")) == 503);
  CHECK(api::status_of(make_error("store_failed", "")) == 503);
  CHECK(api::status_of(make_error("timeout", "")) == 504);
  CHECK(api::status_of(make_error("something else", "")) == 500);
}

TEST_CASE("a query that is wrong in several places is told of all") {
  const Params params = {{"limit", "0"}, {"state", "SLEEPING"}, {"from", std::string(300, 'x')}};
  QueryReader query(params);
  CHECK_FALSE(query.integer("limit", 1, 200).has_value());
  CHECK_FALSE(query.word("state", "a call state", [](std::string_view) { return std::optional<int>{}; }).has_value());
  CHECK((query.text("from").empty()));
  REQUIRE(query.errors().size() == 3);
  CHECK(query.errors()[0].field == "limit");
  CHECK(query.errors()[0].message == "must be a whole number from 1 to 200");
  CHECK(query.errors()[1].message == "'SLEEPING' is not a call state");
  CHECK(query.errors()[2].field == "from");
}

TEST_CASE("a query that is right has no errors, nor has one that says nothing") {
  const Params params = {{"limit", "20"}};
  QueryReader query(params);
  CHECK(query.integer("limit", 1, 200) == 20);
  CHECK_FALSE(query.integer("after", 0, 10).has_value());
  CHECK((query.errors().empty()));
}

TEST_CASE("field errors are rendered with the request's id") {
  net::Request request;
  request.id = "req_1";
  const api::Exchange exchange{request, {}, {}, {}, {}};
  const net::Response response = exchange.invalid({{"limit", "too small"}});
  const auto body = nlohmann::json::parse(response.body);
  CHECK(response.status == 400);
  CHECK(net::find_header(response.headers, "Content-Type") == "application/problem+json");
  CHECK(body["code"] == "invalid_parameter");
  CHECK(body["requestId"] == "req_1");
  CHECK(body["errors"][0]["field"] == "limit");
}

TEST_CASE("a store that is away asks to come again") {
  net::Request request;
  const api::Exchange exchange{request, {}, {}, {}, {}};
  const net::Response response = exchange.fail(make_error("overloaded", "later"));
  CHECK(response.status == 503);
  CHECK_FALSE((net::find_header(response.headers, "Retry-After").empty()));
}
