#include "app/live_calls.hpp"

#include "support/any_live.hpp"
#include "unit/calls/service_fixture.hpp"

#include <trunkline/net/worker.hpp>

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
  media::ActiveStreams streams{10};
  media::StreamCommands commands{streams, *live, worker.context(), *calls.ids, "node_1"};
  LiveCalls shown{
      {*live, *calls.service, streams, commands, worker.context(), calls.clock, "node_1", std::chrono::seconds(5)}};

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
    REQUIRE(calls::test::run(calls.service->start_media(call.call_id, sid, call.token, "MZ1", true, "{}")).has_value());
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

TEST_CASE_METHOD(LiveFixture, "a stream belongs to its node, until it ends or a later owner comes") {
  const auto id = connected("CA1");
  CHECK(hash_of(id)["node"] == "node_1");
  CHECK_FALSE(claimable(id, 3));
  CHECK(claimable(id, 4));
  REQUIRE(calls::test::run(calls.service->append(id, EventType::media_ended, R"({"streamId":"MZ1","callEnds":false})"))
              .has_value());
  CHECK(hash_of(id)["node"].empty());
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
