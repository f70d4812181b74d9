#include "app/provider_check.hpp"

#include "support/manual_clock.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <vector>

namespace trunkline::app {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

/// Answers as a test says, once it is let.
class CheckedProvider final : public calls::Provider {
 public:
  explicit CheckedProvider(asio::io_context& loop) : let_(loop, MonoTime::max()) {}

  std::string_view name() const override { return "acs"; }
  bool configured() const override { return true; }
  bool checkable() const override { return true; }
  asio::awaitable<Result<>> hang_up(const calls::Call& /*call*/) override { co_return Result<>{}; }
  asio::awaitable<Result<std::optional<calls::ProviderWord>>> fetch(const calls::Call& /*call*/) override {
    co_return std::optional<calls::ProviderWord>();
  }
  asio::awaitable<Result<>> check() override {
    boost::system::error_code woken;
    if (hangs) co_await let_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    co_return answer;
  }
  void let() { let_.cancel(); }

  Result<> answer;
  bool hangs = false;

 private:
  asio::steady_timer let_;
};

struct CheckFixture {
  explicit CheckFixture(milliseconds patience = 1h) : check({provider, health, clock, 60s, patience}) {}

  void begin() {
    loop.restart();
    asio::co_spawn(loop, check.run(), [this](const std::exception_ptr& thrown) {
      REQUIRE_FALSE(thrown);
      ended = true;
    });
  }
  json run(Result<> answer) {
    provider.answer = std::move(answer);
    ended = false;
    begin();
    while (!ended) REQUIRE(loop.run_one() == 1);
    return row();
  }
  json row() const { return json::parse(health.detailed().body)["dependencies"].at(0); }
  std::string overall() const { return json::parse(health.health().body)["status"]; }

  test::ManualClock clock;
  asio::io_context loop;
  observe::Health health{{"trunkline", "test"}, 0, clock};
  CheckedProvider provider{loop};
  ProviderCheck check;
  bool ended = false;
};

}  // namespace

TEST_CASE("a provider that answers is up, and one that was never asked unknown") {
  CheckFixture fixture;
  CHECK(fixture.row()["status"] == "unknown");
  const json row = fixture.run({});
  CHECK(row["name"] == "acs");
  CHECK(row["status"] == "up");
  CHECK(row["needed"] == false);
  CHECK(row["error"].is_null());
  CHECK(fixture.overall() == "healthy");
}

TEST_CASE("what keeps a provider from serving is told apart, and never takes readiness away") {
  CheckFixture fixture;
  const std::vector<std::pair<const char*, const char*>> rows = {
      {"credentials_refused", "down"}, {"unreachable", "down"},      {"timeout", "down"},
      {"provider_failed", "down"},     {"rate_limited", "degraded"}, {"provider_unavailable", "degraded"}};
  for (const auto& [code, status] : rows) {
    CAPTURE(code);
    const json row = fixture.run(make_error(code, "because"));
    CHECK(row["status"] == status);
    CHECK(row["error"] == "because");
    CHECK(fixture.health.ready());
    CHECK(fixture.overall() == "degraded");
  }
  CHECK(fixture.run({})["status"] == "up");
  CHECK(fixture.overall() == "healthy");
}

TEST_CASE("after a failure it is looked sooner, then later and later up to the interval") {
  CheckFixture fixture;
  std::vector<milliseconds> pauses;
  for (int i = 0; i < 6; ++i) {
    fixture.run(make_error("unreachable", "nobody there"));
    pauses.push_back(fixture.check.pause());
  }
  CHECK(pauses == std::vector<milliseconds>{5s, 10s, 20s, 40s, 60s, 60s});
  fixture.run({});
  CHECK(fixture.check.pause() == 60s);
  fixture.run(make_error("unreachable", "nobody there"));
  CHECK(fixture.check.pause() == 5s);
}

TEST_CASE("a provider that does not answer in time is down, and health is told meanwhile") {
  CheckFixture fixture(0ms);
  fixture.provider.hangs = true;
  fixture.begin();
  while (fixture.row()["status"] == "unknown") REQUIRE(fixture.loop.run_one() == 1);
  CHECK(fixture.row()["status"] == "down");
  CHECK(fixture.row()["error"] == "it does not answer");
  fixture.provider.let();
  while (!fixture.ended) REQUIRE(fixture.loop.run_one() == 1);
  CHECK(fixture.row()["status"] == "down");
}

TEST_CASE("a good result counts until the next one is overdue") {
  CheckFixture fixture(6s);
  fixture.run({});
  fixture.clock.advance(126s);
  CHECK(fixture.row()["status"] == "up");
  fixture.clock.advance(1ms);
  CHECK(fixture.row()["status"] == "stale");
}

}  // namespace trunkline::app
