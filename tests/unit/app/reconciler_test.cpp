#include "app/reconciler.hpp"

#include "unit/calls/service_fixture.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace trunkline::app {
namespace {

using calls::State;

/// Says of each call what a test gave it to say.
class SayingProvider final : public calls::Provider {
 public:
  using Answer = Result<std::optional<calls::ProviderWord>>;

  std::string_view name() const override { return "twilio"; }
  bool configured() const override { return true; }
  asio::awaitable<Result<>> hang_up(const calls::Call& call) override {
    hung_up.push_back(call.provider_call_id);
    co_return Result<>{};
  }
  asio::awaitable<Answer> fetch(const calls::Call& call) override {
    ++asked;
    const auto found = answers.find(call.provider_call_id);
    co_return found == answers.end() ? otherwise : found->second;
  }

  void says(const std::string& sid, State state, const std::string& status) {
    answers.insert_or_assign(sid, Answer(calls::ProviderWord{state, status, status, {}, {}}));
  }

  std::map<std::string, Answer> answers;
  Answer otherwise{std::optional<calls::ProviderWord>()};
  int asked = 0;
  std::vector<std::string> hung_up;
};

struct ReconcilerFixture {
  calls::test::Fixture calls;
  config::Calls limits;
  SayingProvider provider;
  observe::Metrics metrics{"test"};
  Reconciler reconciler{{limits, *calls.service, calls.flaky, provider, metrics, calls.clock}};

  std::string quiet_call(const std::string& sid) {
    auto id = calls.arrive(sid).call_id;
    calls.clock.advance(std::chrono::seconds(61));
    return id;
  }
  std::string closed_call(const std::string& sid) {
    auto id = calls.arrive(sid).call_id;
    const auto closed = calls::test::run(calls.service->append(
        id, calls::EventType::call_closed, R"({"authority":"gateway","state":"ENDED","reason":"timeout-no-media"})"));
    REQUIRE(closed.has_value());
    calls.clock.advance(std::chrono::seconds(61));
    return id;
  }
  void run() {
    boost::asio::io_context loop;
    boost::asio::co_spawn(loop, reconciler.run(), [](const std::exception_ptr& thrown) { REQUIRE_FALSE(thrown); });
    loop.run();
  }
  bool counted(const std::string& result, int times) {
    return metrics.render().find("trunkline_reconciled_total{result=\"" + result + "\"} " + std::to_string(times)) !=
           std::string::npos;
  }
};

TEST_CASE_METHOD(ReconcilerFixture, "a call that is over at the provider is over here") {
  const auto id = quiet_call("CA1");
  provider.says("CA1", State::ended, "completed");
  provider.answers.at("CA1").value()->duration_s = 42;
  run();
  const auto call = calls.find(id);
  CHECK(call.state == State::ended);
  CHECK(call.end_reason == "completed");
  CHECK(call.duration_s == 42);
  CHECK(counted("settled", 1));
  calls.clock.advance(std::chrono::seconds(61));
  run();
  CHECK(provider.asked == 1);
}

TEST_CASE_METHOD(ReconcilerFixture, "a call that has come further at the provider comes as far here") {
  const auto id = quiet_call("CA1");
  provider.says("CA1", State::connected, "in-progress");
  run();
  CHECK(calls.find(id).state == State::connected);
}

TEST_CASE_METHOD(ReconcilerFixture,
                 "a call that lives at the provider is left to live, but not beyond its greatest age") {
  limits.max_duration = std::chrono::seconds(1'000);
  const auto id = quiet_call("CA1");
  provider.says("CA1", State::ringing, "ringing");
  const auto reap = [&] {
    return calls::test::run(calls.service->reap(500, limits, [](auto&) { return false; })).value().size();
  };
  for (int i = 0; i < 5; ++i) {
    run();
    calls.clock.advance(std::chrono::seconds(119));  // a second less than the reaper's patience
    CHECK(reap() == 0);
  }
  CHECK(counted("alive", 5));
  CHECK(calls.find(id).state == State::ringing);
  calls.clock.advance(std::chrono::seconds(1'000));
  run();
  CHECK(reap() == 1);
}

TEST_CASE_METHOD(ReconcilerFixture, "a call that the provider does not know is closed, once") {
  const auto id = quiet_call("CA1");
  run();
  const auto call = calls.find(id);
  CHECK(call.state == State::failed);
  CHECK(call.end_reason == "unknown-to-provider");
  CHECK(counted("unknown", 1));
  calls.clock.advance(std::chrono::seconds(61));
  run();
  CHECK(calls.find(id).version == call.version);
}

TEST_CASE_METHOD(ReconcilerFixture, "a provider that fails changes nothing and is counted") {
  const auto id = quiet_call("CA1");
  provider.otherwise = make_error("unreachable", "nobody there");
  run();
  CHECK(calls.find(id).state == State::ringing);
  CHECK(counted("error", 1));
}

TEST_CASE_METHOD(ReconcilerFixture, "calls that were heard of, and those with a stream, are not asked about") {
  const auto streaming = calls.arrive("CA1");
  REQUIRE(calls::test::run(calls.service->start_media({streaming.call_id, "CA1", streaming.token, "MZ1", true, "{}"}))
              .has_value());
  calls.clock.advance(std::chrono::seconds(61));
  calls.arrive("CA2");
  run();
  CHECK(provider.asked == 0);
}

TEST_CASE_METHOD(ReconcilerFixture, "a call that we closed by ourselves and that goes on there is hung up there") {
  const auto id = closed_call("CA1");
  provider.says("CA1", State::connected, "in-progress");
  run();
  CHECK(provider.hung_up == std::vector<std::string>{"CA1"});
  CHECK(counted("hung_up", 1));
  CHECK(calls.find(id).end_reason == "timeout-no-media");
  provider.says("CA1", State::ended, "completed");
  run();
  CHECK(calls.find(id).end_reason == "completed");
  run();
  CHECK(provider.asked == 2);
}

TEST_CASE_METHOD(ReconcilerFixture,
                 "a call that we closed and that is unknown there stays as it is, and is asked about once") {
  const auto id = closed_call("CA1");
  run();
  calls.clock.advance(std::chrono::seconds(61));
  run();
  CHECK(calls.find(id).state == State::ended);
  CHECK(provider.asked == 1);
}

TEST_CASE_METHOD(ReconcilerFixture, "what ended more than an hour ago, or by the provider's word, is let be") {
  closed_call("CA1");
  calls.clock.advance(std::chrono::minutes(60));
  calls.arrive("CA2");
  REQUIRE(calls.report("CA2", "key", State::ended).has_value());
  calls.clock.advance(std::chrono::seconds(61));
  run();
  CHECK(provider.asked == 0);
}

TEST_CASE_METHOD(ReconcilerFixture, "stuck calls are asked about although the others cannot be looked for") {
  const auto id = quiet_call("CA1");
  provider.says("CA1", State::ended, "completed");
  calls.flaky.fail_read(2);
  run();
  CHECK(calls.find(id).state == State::ended);
  CHECK(counted("settled", 1));
}

TEST_CASE_METHOD(ReconcilerFixture, "a run asks fifty questions at most, and leaves room for both kinds") {
  for (int i = 0; i < 60; ++i) calls.arrive("CA" + std::to_string(i));
  closed_call("CB1");
  provider.says("CB1", State::connected, "in-progress");
  run();
  CHECK(provider.asked == 50);
  CHECK(provider.hung_up.size() == 1);
}

TEST_CASE_METHOD(ReconcilerFixture,
                 "a provider that wants fewer questions gets none for a while, each time for longer") {
  for (int i = 0; i < 20; ++i) calls.arrive("CA" + std::to_string(i));
  quiet_call("CA20");
  provider.otherwise = make_error("rate_limited", "fewer, please");
  std::vector<int> asked;
  for (int i = 0; i < 7; ++i) {
    const int before = provider.asked;
    run();
    asked.push_back(std::min(provider.asked - before, 1));
  }
  CHECK(asked == std::vector<int>{1, 0, 1, 0, 0, 1, 0});
  CHECK(provider.asked <= 12);
}

}  // namespace
}  // namespace trunkline::app
