#include "service_fixture.hpp"

#include <trunkline/store/nodes.hpp>

namespace trunkline::calls {
namespace {

using namespace test;

std::size_t reap(Fixture& fixture, const std::string& with_media = "", std::size_t most_closed = 500) {
  const config::Calls limits;
  const auto closed =
      run(fixture.service->reap(most_closed, limits, [&](const std::string& id) { return id == with_media; }));
  REQUIRE(closed.has_value());
  return closed->size();
}

TEST_CASE("a call that keeps ringing is missed") {
  Fixture fixture;
  const std::string id = fixture.arrive("CA1").call_id;
  fixture.clock.advance(std::chrono::seconds(119));
  CHECK(reap(fixture) == 0);
  fixture.clock.advance(std::chrono::seconds(1));
  CHECK(reap(fixture) == 1);
  const Call call = fixture.find(id);
  CHECK(call.state == State::missed);
  CHECK(call.end_reason == "timeout-ringing");
  CHECK(call.ended_at == fixture.clock.wall());
  CHECK(fixture.observer.told().back().event.type == EventType::call_closed);
  CHECK(reap(fixture) == 0);
}

TEST_CASE("the provider's late word about a reaped call is the one that counts") {
  Fixture fixture;
  const std::string id = fixture.arrive("CA1").call_id;
  fixture.clock.advance(std::chrono::seconds(120));
  REQUIRE(reap(fixture) == 1);
  REQUIRE(fixture.report("CA1", "s1", State::ended, R"(,"reason":"completed")").has_value());
  CHECK(fixture.find(id).state == State::ended);
}

TEST_CASE("an event starts a call's patience anew") {
  Fixture fixture;
  const std::string id = fixture.arrive("CA1").call_id;
  fixture.clock.advance(std::chrono::seconds(100));
  REQUIRE(run(fixture.service->append(id, EventType::quality_alert, "{}")).has_value());
  fixture.clock.advance(std::chrono::seconds(100));
  CHECK(reap(fixture) == 0);
  CHECK(fixture.find(id).state == State::ringing);
}

TEST_CASE("a connected call without media has ended; one with media lives on, also in the eyes of other nodes") {
  Fixture fixture;
  const std::string silent = fixture.arrive("CA1").call_id;
  const std::string talking = fixture.arrive("CA2").call_id;
  REQUIRE(fixture.report("CA1", "s1", State::connected).has_value());
  REQUIRE(fixture.report("CA2", "s2", State::connected).has_value());
  fixture.clock.advance(std::chrono::seconds(200));
  CHECK(reap(fixture, talking) == 0);
  fixture.clock.advance(std::chrono::seconds(100));
  CHECK(reap(fixture) == 1);  // as on another node, which has no media
  CHECK(fixture.find(silent).state == State::ended);
  CHECK(fixture.find(silent).end_reason == "timeout-no-media");
  CHECK(fixture.find(talking).state == State::connected);
}

TEST_CASE(
    "no more calls are closed than are asked for, those that are quiet for longest first; the others are marked") {
  Fixture fixture;
  const std::string first = fixture.arrive("CA1").call_id;
  fixture.clock.advance(milliseconds(1));
  const std::string second = fixture.arrive("CA2").call_id;
  const std::string talking = fixture.arrive("CA3").call_id;
  fixture.clock.advance(std::chrono::seconds(200));
  CHECK(reap(fixture, talking, 0) == 0);
  CHECK(reap(fixture, talking, 1) == 1);
  CHECK(fixture.find(first).state == State::missed);
  CHECK(fixture.find(second).state == State::ringing);
  CHECK(fixture.count("calls WHERE touched_at = " + std::to_string(to_millis(fixture.clock.wall()))) == 2);
  CHECK(reap(fixture, talking, 1) == 1);
  CHECK(fixture.find(second).state == State::missed);
}

TEST_CASE("a call whose stream runs on a node that lives is that node's to close, but for its greatest age") {
  Fixture fixture;
  const auto call = fixture.arrive("CA1");
  REQUIRE(run(fixture.service->start_media({call.call_id, "CA1", call.token, "MZ1", true, "{}"})).has_value());
  store::Nodes one(*fixture.database, fixture.clock, {"node_1", "host", "1.0"});
  store::Nodes two(*fixture.database, fixture.clock, {"node_2", "host", "1.0"});
  REQUIRE(run(one.beat()).has_value());
  CallService other(*fixture.database, fixture.routing, fixture.clock, *fixture.ids, "node_2");
  const auto reaps = [&] {
    return run(other.reap(500, config::Calls(), [](const std::string&) { return false; })).value().size();
  };
  fixture.clock.advance(std::chrono::seconds(1'000));
  CHECK(reaps() == 0);
  CHECK(fixture.find(call.call_id).state == State::connected);

  SECTION("until that node is given up") {
    REQUIRE(run(two.give_up(run(two.beat()).value().others.front())).has_value());
    fixture.clock.advance(std::chrono::seconds(1'000));
    CHECK(reaps() == 1);
    CHECK(fixture.find(call.call_id).end_reason == "timeout-no-media");
  }
  SECTION("until it is too old") {
    fixture.clock.advance(std::chrono::seconds(14'400));
    CHECK(reaps() == 1);
    CHECK(fixture.find(call.call_id).end_reason == "max-duration");
  }
}

TEST_CASE("no call lives longer than the greatest duration, media or not") {
  Fixture fixture;
  const std::string id = fixture.arrive("CA1").call_id;
  REQUIRE(fixture.report("CA1", "s1", State::connected).has_value());
  fixture.clock.advance(std::chrono::seconds(14'400));
  CHECK(reap(fixture, id) == 1);
  CHECK(fixture.find(id).end_reason == "max-duration");
}

}  // namespace
}  // namespace trunkline::calls
