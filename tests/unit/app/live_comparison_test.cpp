#include "app/live_comparison.hpp"

#include "app/live_calls.hpp"
#include "unit/calls/service_fixture.hpp"

#include <trunkline/net/worker.hpp>
#include <trunkline/store/memory_live.hpp>
#include <trunkline/store/nodes.hpp>

#include <catch2/catch.hpp>

#include <functional>
#include <string>
#include <vector>

namespace trunkline::app {
namespace {

using calls::EventType;
using calls::State;
using calls::test::run;

/// Does something when it is asked for the second time, which is at the second look.
struct SecondLook final : Clock {
  SecondLook(const Clock& clock, std::function<void()> act) : inner(clock), at_second(std::move(act)) {}
  WallTime wall() const override {
    if (++asked == 2) at_second();
    return inner.wall();
  }
  MonoTime mono() const override { return inner.mono(); }

  const Clock& inner;
  std::function<void()> at_second;
  mutable int asked = 0;
};

/// A call that rings, shown as it is, on a node that beats.
struct Compared {
  net::Worker worker{0};
  calls::test::Fixture calls{store::test::Drivers::sqlite};
  std::unique_ptr<store::LiveStore> live = store::make_memory_live(worker.context(), calls.clock);
  media::ActiveStreams streams{10};
  media::StreamCommands commands{streams, *live, worker.context(), *calls.ids, "node_1"};
  LiveCalls shown{
      {*live, *calls.service, streams, commands, worker.context(), calls.clock, "node_1", std::chrono::seconds(5)}};
  store::Nodes nodes{*calls.database, calls.clock, {"node_1", "host", "1.0"}};
  std::string id = calls.arrive("CA1").call_id;

  Compared() {
    REQUIRE(run(nodes.beat()).has_value());
    show();
  }
  ~Compared() {
    live->stop();
    while (worker.run_ready()) {
    }
  }

  void show() { REQUIRE(run(shown.renew_calls()).has_value()); }
  std::vector<std::string> differences(const Clock& clock, int looks) {
    const auto found =
        run(compare_live({*live, *calls.database, clock, std::chrono::seconds(15), looks, milliseconds(0)}));
    REQUIRE(found.has_value());
    std::vector<std::string> told;
    for (const auto& [what, of, expected, now] : *found) {
      CHECK(of == id);
      told.push_back(what + ": " + expected + " / " + now);
    }
    return told;
  }
  std::vector<std::string> differences() { return differences(calls.clock, 1); }
};
using Told = std::vector<std::string>;

TEST_CASE_METHOD(Compared, "what is shown as it is agrees") {
  CHECK(differences().empty());
}

TEST_CASE_METHOD(Compared, "a call that is not shown is missing") {
  REQUIRE(run(live->remove("call/" + id)).has_value());
  CHECK(differences() == Told{"live.state: RINGING / nothing", "live.version: 2 / nothing"});
}

TEST_CASE_METHOD(Compared, "a call that is shown as it was is stale") {
  REQUIRE(run(calls.service->append(id, EventType::dtmf_received, R"({"digit":"1"})")).has_value());
  CHECK(differences() == Told{"live.version: 3 / 2"});
  REQUIRE(calls.report("CA1", "s1", State::connected).has_value());
  CHECK(differences() == Told{"live.state: CONNECTED / RINGING", "live.version: 4 / 2"});
}

TEST_CASE_METHOD(Compared, "a call that is over is not to be shown as open") {
  REQUIRE(calls.report("CA1", "s1", State::ended).has_value());
  CHECK(differences() == Told{"live.call: nothing / an open call"});
}

TEST_CASE_METHOD(Compared, "while no node runs nothing is compared") {
  REQUIRE(run(live->remove("call/" + id)).has_value());
  calls.clock.advance(std::chrono::seconds(15));
  CHECK(differences().empty());
  REQUIRE(run(nodes.beat()).has_value());
  CHECK(differences().size() == 2);
  REQUIRE(run(nodes.leave()).has_value());
  CHECK(differences().empty());
}

TEST_CASE_METHOD(Compared, "what is made good by the next look is no difference") {
  REQUIRE(run(live->remove("call/" + id)).has_value());
  const SecondLook mends(calls.clock, [this] { show(); });
  CHECK(differences(mends, 2).empty());
  CHECK(mends.asked == 2);
  REQUIRE(run(live->remove("call/" + id)).has_value());
  const SecondLook does_not(calls.clock, [] {});
  CHECK(differences(does_not, 3).size() == 2);
  CHECK(does_not.asked == 3);
}

TEST_CASE_METHOD(Compared, "a store that is away is an error, and no agreement") {
  live->stop();
  const auto found = run(compare_live({*live, *calls.database, calls.clock, std::chrono::seconds(15)}));
  REQUIRE_FALSE(found.has_value());
  CHECK(found.error().code == "live_unavailable");
}

}  // namespace
}  // namespace trunkline::app
