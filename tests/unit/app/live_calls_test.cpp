#include "app/live_calls.hpp"

#include "support/any_live.hpp"
#include "support/flaky_live.hpp"
#include "unit/calls/service_fixture.hpp"

#include <trunkline/net/worker.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <catch2/catch.hpp>

namespace trunkline::app {
namespace {

using calls::EventType;
using calls::State;
using store::Hash;

/// The calls of one node, shown in what is live; its loop turns on the test's thread.
struct LiveFixture {
  net::Worker worker{0};
  calls::test::Fixture calls{store::test::Drivers::sqlite};
  std::unique_ptr<store::LiveStore> live = store::make_memory_live(worker.context(), calls.clock);
  store::test::FlakyLive flaky{*live};
  media::ActiveStreams streams{10};
  media::StreamCommands commands{streams, *live, worker.context(), *calls.ids, "node_1"};
  LiveCalls shown{
      {flaky, *calls.service, streams, commands, worker.context(), calls.clock, "node_1", std::chrono::seconds(5)}};

  LiveFixture() { calls.service->observe(shown); }
  ~LiveFixture() {
    calls.service->stop();
    calls.database->stop();
    live->stop();
    while (worker.run_ready()) {
    }
  }

  void turn() {
    while (worker.run_ready()) {
    }
  }
  Hash hash_of(const std::string& id) {
    turn();
    return calls::test::run(live->get_hash("call/" + id)).value();
  }
  std::size_t indexed() { return calls::test::run(live->scored("calls")).value().size(); }
  std::string connected(const std::string& sid) {
    const auto call = calls.arrive(sid);
    REQUIRE(
        calls::test::run(calls.service->start_media({call.call_id, sid, call.token, "MZ1", true, "{}"})).has_value());
    return call.call_id;
  }
  bool claimable(const std::string& id, std::int64_t fence) {
    turn();
    return calls::test::run(live->claim("stream/" + id, "node_2", fence, std::chrono::seconds(1))).value();
  }
};

TEST_CASE_METHOD(LiveFixture, "a call is shown while it goes on, and for a moment after") {
  const auto id = calls.arrive("CA1").call_id;
  auto shown_call = hash_of(id);
  CHECK(shown_call["state"] == "RINGING");
  CHECK(shown_call["version"] == "2");
  CHECK(shown_call["providerCallId"] == "CA1");
  CHECK(indexed() == 1);

  REQUIRE(calls.report("CA1", "s1", State::ended).has_value());
  CHECK(hash_of(id)["state"] == "ENDED");
  CHECK(indexed() == 0);
  calls.clock.advance(std::chrono::seconds(10));
  CHECK(hash_of(id).empty());
}

TEST_CASE_METHOD(LiveFixture, "a call of which much is told at once is among the open ones") {
  calls.arrive("CA1");
  for (const char* key : {"s1", "s2", "s3"}) REQUIRE(calls.report("CA1", key, State::ringing).has_value());
  turn();
  CHECK(indexed() == 1);
}

TEST_CASE_METHOD(LiveFixture, "a change that is made on the loop itself is shown like any other") {
  std::string id;
  asio::post(worker.context(), [&] { id = calls.arrive("CA1").call_id; });
  turn();
  CHECK(hash_of(id)["state"] == "RINGING");
}

TEST_CASE_METHOD(LiveFixture, "what is lost is shown again from the database, and what ended unseen is dropped") {
  const auto id = calls.arrive("CA1").call_id;
  turn();
  REQUIRE(calls::test::run(live->remove("call/" + id)).has_value());
  REQUIRE(calls::test::run(live->add_scored("calls", "call_ghost", 1, 10, std::chrono::hours(1))).has_value());
  REQUIRE(calls::test::run(shown.renew_calls()).has_value());
  CHECK(hash_of(id)["state"] == "RINGING");
  CHECK(indexed() == 1);
}

TEST_CASE_METHOD(LiveFixture, "a call is shown whole, as it was when it happened or was read") {
  const auto id = calls.arrive("CA1").call_id;
  const auto snapshot = [&] { return calls::find_snapshot(hash_of(id), id).value().value(); };
  const WallTime began = calls.clock.wall();
  CHECK(snapshot().call.version == 2);
  CHECK(snapshot().read_at == began);

  calls.clock.advance(std::chrono::seconds(3));
  REQUIRE(calls::test::run(shown.renew_calls()).has_value());
  CHECK(snapshot().read_at == began + std::chrono::seconds(3));

  calls::Call older = calls.find(id);
  older.version = 1;
  shown.show(older, calls.clock.wall());
  CHECK(snapshot().call.version == 2);
  calls.clock.advance(std::chrono::seconds(3));
  shown.show(calls.find(id), calls.clock.wall());
  CHECK(snapshot().read_at == began + std::chrono::seconds(6));
}

TEST_CASE_METHOD(LiveFixture, "what was only read changes nothing about which calls are open") {
  const auto id = calls.arrive("CA1").call_id;
  turn();
  const auto open = calls.find(id);
  REQUIRE(calls.report("CA1", "s1", State::ended).has_value());
  turn();
  shown.show(open, calls.clock.wall());
  CHECK(hash_of(id)["state"] == "ENDED");
  CHECK(indexed() == 0);
}

TEST_CASE("where nobody else looks, no snapshots are shown") {
  LiveFixture here;
  LiveCalls plain{{*here.live, *here.calls.service, here.streams, here.commands, here.worker.context(),
                   here.calls.clock, "node_2", milliseconds{0}}};
  calls::Call call;
  call.id = "call_1";
  call.version = 2;
  plain.on_committed({}, call, std::nullopt);
  CHECK_FALSE(here.hash_of("call_1").contains("snapshot"));
  plain.show(call, here.calls.clock.wall());
  call.id = "call_2";
  plain.show(call, here.calls.clock.wall());
  CHECK(here.hash_of("call_2").empty());
}

TEST_CASE_METHOD(LiveFixture, "what others could not be told of, they hear of as soon as they can") {
  std::vector<std::string> said;
  const auto ear =
      live->subscribe(calls::changes_channel, [&](std::string_view message) { said.emplace_back(message); }, [] {});
  const auto id = calls.arrive("CA1").call_id;
  turn();
  CHECK(said == std::vector<std::string>{id + " 2\n"});

  said.clear();
  flaky.away = true;
  REQUIRE(calls.report("CA1", "s1", State::connecting).has_value());
  turn();
  CHECK(said.empty());
  flaky.away = false;
  asio::co_spawn(worker.context(), shown.renew_streams(), asio::detached);
  turn();
  CHECK(said == std::vector<std::string>{calls::all_changed});
}

TEST_CASE_METHOD(LiveFixture, "a stream belongs to its node, until it ends or a later owner comes") {
  const auto id = connected("CA1");
  CHECK(hash_of(id)["node"] == "node_1");
  CHECK_FALSE(claimable(id, 3));
  CHECK(claimable(id, 4));
  REQUIRE(calls::test::run(calls.service->append(id, EventType::media_ended, R"({"streamId":"MZ1","callEnds":false})"))
              .has_value());
  CHECK(hash_of(id)["node"].empty());
}

TEST_CASE_METHOD(LiveFixture, "the claim on a stream that never said its end is let go of; one that runs is kept") {
  const auto lost = connected("CA1");
  const auto running = connected("CA2");
  REQUIRE(streams.add(running, worker.context().get_executor(), {}));
  turn();
  calls::test::run(shown.renew_streams());
  CHECK_FALSE(claimable(lost, 3));  // it may only just begin
  calls::test::run(shown.renew_streams());
  CHECK(claimable(lost, 3));
  CHECK_FALSE(claimable(running, 3));
}

TEST_CASE_METHOD(LiveFixture, "the last segments of a transcript can be read without the database") {
  const auto id = connected("CA1");
  for (int i = 0; i < 3; ++i) {
    const auto data = R"({"segmentId":"seg_)" + std::to_string(i) + R"(","text":"hello"})";
    REQUIRE(calls::test::run(calls.service->append(id, EventType::transcript_segment, data)).has_value());
  }
  turn();
  const auto segments = calls::test::run(live->items_of("transcript/" + id)).value();
  REQUIRE(segments.size() == 3);
  CHECK(segments.back() == R"({"segmentId":"seg_2","text":"hello"})");
}

}  // namespace
}  // namespace trunkline::app
