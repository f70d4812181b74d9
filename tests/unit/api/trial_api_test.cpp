#include "unit/api/api_fixture.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>

using namespace trunkline;
using api::test::ApiFixture;
using nlohmann::json;

namespace {

constexpr const char* connected = R"({"eventType":"CallConnected","data":{"callConnectionId":"conn-1"}})";

struct Trials : ApiFixture {
  explicit Trials(const std::string& environment) : ApiFixture({}, environment) {}

  net::Response post(const std::string& role, const std::string& sent = connected) {
    net::Headers headers;
    if (!role.empty()) headers.push_back({"Authorization", "Bearer " + token(role)});
    auto made = request("POST", "/webhooks/test", std::move(headers));
    made.body = sent;
    return serve(std::move(made));
  }
  bool is_served() const {
    return std::ranges::any_of(api->routes(), [](const auto& route) { return route.pattern == "/webhooks/test"; });
  }
};

}  // namespace

TEST_CASE("in production there is no way to send an event that no provider has sent") {
  for (const char* environment : {"production", "", "Development", "development ", "staging", "dev"}) {
    CAPTURE(environment);
    Trials here(environment);
    CHECK_FALSE(here.is_served());
    CHECK(here.post("admin").status == 404);
    CHECK(here.calls.count("calls") == 0);
  }
}

TEST_CASE("production is what holds when nothing is said") {
  const config::Settings settings;
  CHECK_FALSE(settings.in_development());
}

TEST_CASE("in development whoever may command calls sends events, and nobody else") {
  Trials here("development");
  CHECK(here.is_served());
  CHECK(here.post("").status == 401);
  CHECK(here.post("viewer").status == 403);
  CHECK(here.calls.count("calls") == 0);
  const auto taken = here.post("operator");
  REQUIRE(taken.status == 200);
  const json said = json::parse(taken.body);
  CHECK(said["eventType"] == "Microsoft.Communication.CallConnected");
  CHECK(said["repeated"] == false);
  CHECK(here.get("/api/v1/calls/" + said["callId"].get<std::string>()).status == 200);
  CHECK(here.post("operator", "{}").status == 400);
}

TEST_CASE("trials are among the figures of webhooks, under a type of their own") {
  Trials here("development");
  CHECK(here.post("admin").status == 200);
  CHECK(here.post("admin", "[]").status == 400);
  const json figures = json::parse(here.get("/webhooks/metrics").body);
  const auto found = std::ranges::find_if(figures["webhooks"], [](const json& one) { return one["type"] == "test"; });
  REQUIRE(found != figures["webhooks"].end());
  CHECK((*found)["provider"] == "acs");
  CHECK((*found)["accepted"] == 1);
  CHECK((*found)["refused"] == 1);
  CHECK((*found)["retries"] == 0);
  CHECK((*found)["givenUp"] == 0);
}
