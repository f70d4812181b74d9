#include "unit/calls/service_fixture.hpp"

#include <catch2/catch.hpp>

namespace trunkline::calls {
namespace {

using test::run;

struct LostStreams : test::Fixture {
  std::string connected(const std::string& sid) {
    const auto call = arrive(sid);
    REQUIRE(run(service->start_media({call.call_id, sid, call.token, "MZ" + sid, true, "{}"})).has_value());
    return call.call_id;
  }
  void append(const std::string& id, EventType type, const std::string& data) {
    clock.advance(milliseconds(1));
    REQUIRE(run(service->append(id, type, data)).has_value());
  }
  std::size_t lose(const std::string& node) {
    clock.advance(milliseconds(1));
    return run(service->lose_streams_of(node, "node-lost")).value();
  }
};

TEST_CASE_METHOD(LostStreams, "a call is where its stream runs, until that ends") {
  const auto id = connected("CA1");
  CHECK(find(id).node == "node_1");
  append(id, EventType::media_ended, R"({"streamId":"MZother","callEnds":false})");
  CHECK(find(id).node == "node_1");
  append(id, EventType::media_ended, R"({"streamId":"MZCA1","callEnds":false})");
  CHECK(find(id).node.empty());
  CHECK(find(id).state == State::connected);
}

TEST_CASE_METHOD(LostStreams, "the calls of a lost node are marked once, and those of others are not") {
  const auto id = connected("CA1");
  const auto over = connected("CA2");
  REQUIRE(report("CA2", "s1", State::ended).has_value());
  CHECK(lose("node_2") == 0);
  CHECK(lose("node_1") == 1);
  CHECK(find(id).state == State::reconnecting);
  CHECK(find(over).state == State::ended);
  const auto told = observer.told().back().event;
  CHECK(told.type == EventType::call_reconnecting);
  CHECK(told.data == R"({"node":"node_1","reason":"node-lost"})");
  CHECK(lose("node_1") == 0);
  append(id, EventType::call_reconnected, "{}");
  CHECK(find(id).state == State::connected);
}

TEST_CASE_METHOD(LostStreams, "more calls than a batch are marked at once") {
  for (int i = 0; i < 120; ++i) connected("CA" + std::to_string(i));
  CHECK(lose("node_1") == 120);
  CHECK(count("calls WHERE state = 'RECONNECTING'") == 120);
}

TEST_CASE_METHOD(LostStreams, "a node regains its own streams alone, and of calls that were marked alone") {
  const auto id = connected("CA1");
  REQUIRE(run(service->regain_stream(id)).has_value());
  CHECK(find(id).version == 3);  // it was never lost
  CallService other(*database, routing, clock, *ids, "node_2");
  REQUIRE(lose("node_1") == 1);
  REQUIRE(run(other.regain_stream(id)).has_value());
  CHECK(find(id).state == State::reconnecting);
  REQUIRE(run(service->regain_stream(id)).has_value());
  CHECK(find(id).state == State::connected);
  const auto told = observer.told().back().event;
  CHECK(told.type == EventType::call_reconnected);
  CHECK(told.data == R"({"node":"node_1","reason":"node-back"})");
  REQUIRE(report("CA1", "s1", State::ended).has_value());
  REQUIRE(run(service->regain_stream(id)).has_value());
  CHECK(find(id).state == State::ended);
  CHECK(run(service->regain_stream("call_nowhere")).has_value());
}

TEST_CASE_METHOD(LostStreams, "a stream is regained after it was lost, whatever the clocks of the two nodes say") {
  const auto id = connected("CA1");
  trunkline::test::ManualClock ahead;
  ahead.advance(std::chrono::minutes(1));
  CallService other(*database, routing, ahead, *ids, "node_2");
  REQUIRE(run(other.lose_streams_of("node_1", "node-lost")).value() == 1);
  const auto lost_at = find(id).merge.lost_at;
  REQUIRE(lost_at > clock.wall());
  REQUIRE(run(service->regain_stream(id)).has_value());
  CHECK(find(id).state == State::connected);
  CHECK(observer.told().back().event.at == *lost_at + milliseconds(1));
  // And lost again after it was regained, by a clock that is behind.
  REQUIRE(lose("node_1") == 1);
  CHECK(find(id).state == State::reconnecting);
}

TEST_CASE_METHOD(LostStreams, "a snapshot from before there were nodes is read") {
  const auto call = from_snapshot(
      R"({"id":"call_1","provider":"twilio","providerCallId":"CA1","createdAt":1,"version":1,"merge":{"live":"RINGING",)"
      R"("connectedAt":null,"lostAt":null,"resumedAt":null,"duration":null,"facts":null,"end":null}})");
  REQUIRE(call.has_value());
  CHECK(call->node.empty());
}

}  // namespace
}  // namespace trunkline::calls
