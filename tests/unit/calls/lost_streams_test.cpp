#include "unit/calls/service_fixture.hpp"

#include <catch2/catch.hpp>

namespace trunkline::calls {
namespace {

using test::run;

struct LostStreams : test::Fixture {
  std::string connected(const std::string& sid) {
    const auto call = arrive(sid);
    REQUIRE(run(service->start_media(call.call_id, sid, call.token, "MZ" + sid, true, "{}")).has_value());
    return call.call_id;
  }
  void append(const std::string& id, EventType type, const std::string& data) {
    clock.advance(milliseconds(1));
    REQUIRE(run(service->append(id, type, data)).has_value());
  }
  std::size_t lose(const std::string& node) {
    clock.advance(milliseconds(1));
    return run(service->lose_streams_of(node)).value();
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

TEST_CASE_METHOD(LostStreams, "a snapshot from before there were nodes is read") {
  const auto call = from_snapshot(
      R"({"id":"call_1","provider":"twilio","providerCallId":"CA1","createdAt":1,"version":1,"merge":{"live":"RINGING",)"
      R"("connectedAt":null,"lostAt":null,"resumedAt":null,"duration":null,"facts":null,"end":null}})");
  REQUIRE(call.has_value());
  CHECK(call->node.empty());
}

}  // namespace
}  // namespace trunkline::calls
