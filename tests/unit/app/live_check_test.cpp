#include "app/live_check.hpp"

#include "support/manual_clock.hpp"

#include <trunkline/app/live_state.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

namespace trunkline::app {
namespace {

struct CheckFixture {
  nlohmann::json checked(store::LiveStore& live) {
    LiveCheck check(live, health, metrics, clock);
    bool ended = false;
    boost::asio::co_spawn(loop, check.run(), [&ended](const std::exception_ptr&) { ended = true; });
    while (!ended) loop.run_one();
    return nlohmann::json::parse(health.detailed().body);
  }

  test::ManualClock clock;
  observe::Health health{{"trunkline", "test"}, 0, clock};
  observe::Metrics metrics{"test"};
  boost::asio::io_context loop;
};

TEST_CASE_METHOD(CheckFixture, "in process there is nothing that could be away") {
  const auto live = open_live(std::nullopt, loop, metrics, clock);
  CHECK(live->driver() == "memory");
  CHECK(checked(*live)["dependencies"].empty());
  CHECK(metrics.render().find("trunkline_live_up 1\n") != std::string::npos);
}

TEST_CASE_METHOD(CheckFixture, "a Redis that is away degrades the health, and readiness stays") {
  store::RedisOptions nobody;
  nobody.server.port = 1;
  const auto live = open_live(nobody, loop, metrics, system_clock());
  const auto body = checked(*live);
  CHECK(body["status"] == "degraded");
  CHECK(body["ready"] == true);
  REQUIRE(body["dependencies"].size() == 1);
  CHECK(body["dependencies"][0]["name"] == "redis");
  CHECK(body["dependencies"][0]["status"] == "down");
  CHECK(body["dependencies"][0]["needed"] == false);
  CHECK(metrics.render().find("trunkline_live_up 0\n") != std::string::npos);
  live->stop();
  loop.run();
}

}  // namespace
}  // namespace trunkline::app
