#include "support/flaky_live.hpp"
#include "support/heard_database.hpp"
#include "unit/calls/service_fixture.hpp"

#include <trunkline/calls/live_snapshot.hpp>
#include <trunkline/calls/shown_calls.hpp>
#include <trunkline/store/memory_live.hpp>

namespace trunkline::calls {
namespace {

using namespace std::chrono_literals;
using Freshness = ShownCalls::Freshness;

/// What one node shows of calls that another one changes; its loop turns on the test's thread.
struct Shown {
  test::Fixture calls{store::test::Drivers::sqlite};
  boost::asio::io_context loop;
  std::unique_ptr<store::LiveStore> memory = store::make_memory_live(loop, calls.clock);
  store::test::FlakyLive live{*memory};
  observe::Metrics metrics{"test"};
  store::test::HeardDatabase heard{*calls.database};
  CallService here{heard, calls.routing, calls.clock, *calls.ids, "node_2"};
  ShownCalls shown{{here, live, metrics, calls.clock, {100, 5s}, true}};
  std::vector<std::int64_t> read;  // versions that the database was asked for

  Shown() {
    here.observe(shown);
    here.on_seen([this](const std::string& id, std::int64_t version) { shown.hear(id, version); });
    shown.on_read([this](const Call& call, WallTime) { read.push_back(call.version); });
    shown.start();
  }

  std::int64_t version_of(const std::string& id, Freshness freshness = Freshness::any) {
    const auto call = test::run(shown.find(id, freshness));
    REQUIRE(call.has_value());
    return (*call)->version;
  }
  bool asks_database(const std::string& id, Freshness freshness = Freshness::any) {
    heard.forget();
    version_of(id, freshness);
    return !heard.heard().empty();
  }
  /// By the other node, of which nothing is heard.
  void change(const std::string& sid, const std::string& key) {
    REQUIRE(calls.report(sid, key, State::connecting).has_value());
  }
  void publish(const std::string& message) {
    REQUIRE(test::run(live.publish(changes_channel, message)).has_value());
    loop.restart();
    loop.run();
  }
  /// As another node shows it in the live store.
  void show(const Call& call, milliseconds age) {
    store::Hash hash;
    add_snapshot(hash, call, calls.clock.wall() - age);
    REQUIRE(test::run(live.put_newer(live_key(call.id), hash, call.version, 60s)).value());
  }
  bool counted(const std::string& level, const std::string& outcome, int times) {
    const std::string line = "trunkline_cache_requests_total{cache=\"calls\",level=\"" + level + "\",outcome=\"" +
                             outcome + "\"} " + std::to_string(times) + "\n";
    return metrics.render().find(line) != std::string::npos;
  }
};

TEST_CASE_METHOD(Shown, "a call is read from the database once, then shown from memory until its time is over") {
  const auto id = calls.arrive("CA1").call_id;
  CHECK(asks_database(id));
  CHECK_FALSE(asks_database(id));
  calls.clock.advance(5s);
  CHECK(asks_database(id));
  CHECK(counted("l1", "hit", 1));
  CHECK(counted("l1", "miss", 2));
  CHECK(counted("l2", "miss", 2));
  CHECK(read == std::vector<std::int64_t>{2, 2});
  CHECK(shown.kept() == 1);
}

TEST_CASE_METHOD(Shown, "what another node changes is shown once it is heard of") {
  const auto id = calls.arrive("CA1").call_id;
  CHECK(version_of(id) == 2);
  change("CA1", "s1");
  CHECK(version_of(id) == 2);
  SECTION("in a message of that call") {
    publish(id + " 3\n");
  }
  SECTION("in a message that any call may have changed") {
    publish(all_changed);
  }
  SECTION("because the call's events were read here") {
    test::run(here.events_of(id, 0, 10)).value();
  }
  SECTION("because calls were listed here") {
    test::run(here.list({})).value();
  }
  CHECK(version_of(id) == 3);
}

TEST_CASE_METHOD(Shown, "who wants what is stored gets it, and so does who comes after him") {
  const auto id = calls.arrive("CA1").call_id;
  CHECK(version_of(id) == 2);
  change("CA1", "s1");
  CHECK(version_of(id, Freshness::stored) == 3);
  CHECK_FALSE(asks_database(id));
  CHECK(version_of(id) == 3);
}

TEST_CASE_METHOD(Shown, "what this node stored is shown at once, without asking") {
  const auto answer = test::run(here.arrive(test::Fixture::arrival("CA1"), test::Fixture::render));
  const auto id = answer->call_id;
  CHECK_FALSE(asks_database(id));
  REQUIRE(test::run(here.append(id, EventType::media_ended, R"({"streamId":"MZ1","callEnds":false})")).has_value());
  CHECK_FALSE(asks_database(id));
  CHECK(version_of(id) == 3);
}

TEST_CASE_METHOD(Shown, "who has changed a call is not shown it as it was, although nobody was told yet") {
  const auto id = calls.arrive("CA1").call_id;
  CallService untold{*calls.database, calls.routing, calls.clock, *calls.ids, "node_2"};
  untold.on_seen([this](const std::string& of, std::int64_t version) { shown.hear(of, version); });
  CHECK(version_of(id) == 2);
  REQUIRE(test::run(untold.append(id, EventType::call_reconnecting, "{}")).has_value());
  CHECK(version_of(id) == 3);
  CHECK_FALSE(test::run(untold.append("call_none", EventType::call_reconnecting, "{}")).has_value());
}

TEST_CASE_METHOD(Shown, "a call that another node shows is not read from the database") {
  const auto id = calls.arrive("CA1").call_id;
  const auto call = calls.find(id);
  show(call, 1s);
  CHECK_FALSE(asks_database(id));
  CHECK(counted("l2", "hit", 1));
  CHECK_FALSE(asks_database(id));
  CHECK(counted("l1", "hit", 1));
  calls.clock.advance(4s);  // it was a second old when it came here
  CHECK(asks_database(id));
}

TEST_CASE_METHOD(Shown, "what other nodes show is not taken when it is older than what was heard of, or too old") {
  const auto id = calls.arrive("CA1").call_id;
  const auto old = calls.find(id);
  change("CA1", "s1");
  SECTION("heard of") {
    show(old, 0s);
    publish(id + " 3\n");
  }
  SECTION("too old") {
    show(old, 5s);
  }
  CHECK(version_of(id) == 3);
  CHECK(counted("l2", "miss", 1));
}

TEST_CASE_METHOD(Shown, "a clock that is ahead makes what its node shows no younger than now") {
  const auto id = calls.arrive("CA1").call_id;
  show(calls.find(id), -3s);
  CHECK_FALSE(asks_database(id));
  calls.clock.advance(5s);
  REQUIRE(test::run(live.remove(live_key(id))).has_value());
  CHECK(asks_database(id));
}

TEST_CASE_METHOD(Shown, "what cannot be read in the live store is as if it were not there") {
  const auto id = calls.arrive("CA1").call_id;
  const store::Hash broken{{"snapshot", "{"}, {"asOf", "1"}};
  REQUIRE(test::run(live.put_newer(live_key(id), broken, 2, 60s)).value());
  CHECK(version_of(id) == 2);
  CHECK(counted("l2", "miss", 1));
}

TEST_CASE_METHOD(Shown, "while the live store is away nothing is shown from memory") {
  const auto id = calls.arrive("CA1").call_id;
  CHECK(version_of(id) == 2);
  live.away = true;
  change("CA1", "s1");
  CHECK(version_of(id) == 3);
  CHECK(asks_database(id));
}

TEST_CASE_METHOD(Shown, "open calls are there before anybody asks for them") {
  const auto open = calls.arrive("CA1").call_id;
  const auto over = calls.arrive("CA2").call_id;
  REQUIRE(calls.report("CA2", "s1", State::ended).has_value());
  REQUIRE(test::run(shown.prefetch()).has_value());
  CHECK(shown.kept() == 1);
  CHECK_FALSE(asks_database(open));
  CHECK(asks_database(over));
}

TEST_CASE_METHOD(Shown, "of many open calls as many are read ahead as there is room for") {
  for (int i = 0; i < 120; ++i) calls.arrive("CA" + std::to_string(i));
  REQUIRE(test::run(shown.prefetch()).has_value());
  CHECK(shown.kept() == 100);
}

TEST_CASE_METHOD(Shown, "there is no call where there is none, and nothing is kept of that") {
  CHECK(test::run(shown.find("call_none", Freshness::any)).error().code == "call_not_found");
  CHECK(shown.kept() == 0);
}

TEST_CASE_METHOD(Shown, "without a cache each look reads the database") {
  ShownCalls plain{{here, live, metrics, calls.clock, {0, 5s}, true}};
  plain.start();
  const auto id = calls.arrive("CA1").call_id;
  show(calls.find(id), 0s);
  REQUIRE(test::run(plain.prefetch()).has_value());
  for (int i = 0; i < 2; ++i) {
    heard.forget();
    CHECK(test::run(plain.find(id, Freshness::any)).has_value());
    CHECK_FALSE(heard.heard().empty());
  }
  CHECK(plain.kept() == 0);
  CHECK(read.empty());
}

TEST_CASE_METHOD(Shown, "where the database is nearer the live store is not asked") {
  ShownCalls alone{{here, live, metrics, calls.clock, {100, 5s}, false}};
  const auto id = calls.arrive("CA1").call_id;
  show(calls.find(id), 0s);
  heard.forget();
  CHECK(test::run(alone.find(id, Freshness::any)).has_value());
  CHECK_FALSE(heard.heard().empty());
  CHECK_FALSE(counted("l2", "hit", 1));
}

}  // namespace
}  // namespace trunkline::calls
