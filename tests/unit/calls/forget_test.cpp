#include "service_fixture.hpp"

namespace trunkline::calls {
namespace {

using namespace test;
using namespace std::chrono_literals;

std::size_t forget(Fixture& fixture, WallTime before, std::size_t limit = 100) {
  const auto forgotten = run(fixture.service->forget_requests(before, limit));
  REQUIRE(forgotten.has_value());
  return *forgotten;
}

std::int64_t events_of(Fixture& fixture) {
  return fixture.count("call_events");
}

TEST_CASE("requests older than a time are forgotten, younger ones still change nothing") {
  Fixture fixture;
  fixture.arrive("CA1");
  REQUIRE(fixture.report("CA1", "old", State::connected).has_value());
  fixture.clock.advance(1h);
  REQUIRE(fixture.report("CA1", "young", State::ended).has_value());
  const auto events = events_of(fixture);

  // The arrival's two keys, the old status and the token that expired meanwhile.
  CHECK(forget(fixture, fixture.clock.wall()) == 4);
  CHECK(fixture.count("inbox") == 1);
  CHECK(fixture.count("media_tokens") == 0);
  CHECK(forget(fixture, fixture.clock.wall()) == 0);

  REQUIRE(fixture.report("CA1", "young", State::ended).has_value());
  CHECK(events_of(fixture) == events);
  CHECK(fixture.find(run(fixture.service->find_by_provider_id("twilio", "CA1"))->id).state == State::ended);
}

TEST_CASE("a run forgets no more than its limit, the oldest first") {
  Fixture fixture;
  for (int i = 0; i < 5; ++i) {
    REQUIRE(fixture.report("CA1", "key" + std::to_string(i), State::connected).has_value());
    fixture.clock.advance(1s);
  }
  CHECK(forget(fixture, fixture.clock.wall(), 2) == 2);
  CHECK(store::test::integer_of(*fixture.database, "SELECT COUNT(*) FROM inbox WHERE key IN ('key0', 'key1')") == 0);
  CHECK(forget(fixture, fixture.clock.wall(), 2) == 2);
  CHECK(forget(fixture, fixture.clock.wall(), 2) == 1);
  CHECK(fixture.count("inbox") == 0);
}

TEST_CASE("a media token that is still good is not forgotten") {
  Fixture fixture;
  const auto call = fixture.arrive("CA1");
  fixture.clock.advance(1s);
  CHECK(forget(fixture, fixture.clock.wall()) == 2);
  CHECK(run(fixture.service->start_media({call.call_id, "CA1", call.token, "MZ1", true, "{}"})).has_value());
}

TEST_CASE("when the store is away nothing is forgotten, and it says so") {
  Fixture fixture;
  fixture.arrive("CA1");
  fixture.clock.advance(1h);
  const auto service = fixture.make_service(fixture.flaky);
  fixture.flaky.fail_writes(1);
  CHECK(run(service->forget_requests(fixture.clock.wall(), 10)).error().code == "store_unavailable");
  CHECK(fixture.count("inbox") == 2);
}

}  // namespace
}  // namespace trunkline::calls
