#include "app/store_check.hpp"

#include "unit/calls/service_fixture.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <functional>
#include <future>
#include <utility>

namespace trunkline::app {
namespace {

using nlohmann::json;
using store::Database;

constexpr milliseconds none{0};
constexpr std::chrono::hours endless{1};

/// A store that answers when a test lets it.
class SlowDatabase final : public store::test::WrappedDatabase {
 public:
  using WrappedDatabase::WrappedDatabase;

  void answer() { std::exchange(done_, nullptr)(pass(Access::write, std::exchange(work_, nullptr))); }
  void refuse(const Error& error) { std::exchange(done_, nullptr)(error); }

 private:
  void submit(Access /*access*/, std::function<Result<>(store::Sql&)> work,
              std::function<void(Result<>)> done) override {
    work_ = std::move(work);
    done_ = std::move(done);
  }

  std::function<Result<>(store::Sql&)> work_;
  std::function<void(Result<>)> done_;
};

/// A check that waits for its answer.
struct CheckFixture {
  calls::test::Fixture calls;
  observe::Health health{{"trunkline", "test"}, 0, calls.clock};
  SlowDatabase database{*calls.database};
  StoreCheck check;
  asio::io_context loop;
  std::future<void> ended;

  explicit CheckFixture(milliseconds patience) : check(database, health, calls.clock, patience) {
    ended = asio::co_spawn(loop, check.run(), asio::use_future);
    loop.poll_one();
    CHECK(status() == "unknown");
  }

  json store() const { return json::parse(health.detailed().body)["dependencies"][0]; }
  std::string status() const { return store()["status"]; }
  void finish() {
    loop.run();
    ended.get();
  }
};

}  // namespace

TEST_CASE("a store that can be written is up, with the time that it took") {
  CheckFixture fixture(endless);
  fixture.calls.clock.advance(milliseconds{7});
  fixture.database.answer();
  fixture.finish();
  CHECK(fixture.status() == "up");
  CHECK(fixture.store()["latencyMs"] == 7);
  CHECK(fixture.calls.count("pulse") == 1);
}

TEST_CASE("a store that refuses is down, with the reason") {
  CheckFixture fixture(endless);
  fixture.database.refuse(make_error("store_unavailable", "the disk is full"));
  fixture.finish();
  CHECK(fixture.status() == "down");
  CHECK(fixture.store()["error"] == "the disk is full");
}

TEST_CASE("a store that does not answer in time is down, and its late answer changes nothing") {
  CheckFixture fixture(none);
  while (fixture.status() == "unknown") REQUIRE(fixture.loop.run_one() == 1);
  CHECK(fixture.store()["error"] == "it does not answer");
  fixture.database.answer();
  fixture.finish();
  CHECK(fixture.status() == "down");
}

TEST_CASE("an answer that is there when patience ends is the outcome") {
  CheckFixture fixture(none);
  fixture.database.answer();  // both are due now
  fixture.finish();
  CHECK(fixture.status() == "up");
}

}  // namespace trunkline::app
