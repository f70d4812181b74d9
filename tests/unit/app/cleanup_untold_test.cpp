#include "unit/app/cleanup_fixture.hpp"

#include <trunkline/events/webhooks.hpp>

// A call that is old enough stays until those have been told of it who are to be told, but not for ever.
namespace trunkline::app {
namespace {

using namespace test;

/// A call that is old enough to go, and an endpoint that was made before it.
struct OwedFixture : CleanupFixture {
  net::AddressPolicy policy;
  events::webhooks::Registry registry{*database, policy, clock, *ids};
  std::string endpoint = run(registry.create("https://example.com/", "", {})).value().id;
  std::string call = ended_call("CA1");

  OwedFixture() {
    settings.cleanup.call_days = 90;
    settings.webhooks.retention_days = 14;
    clock.advance(91 * day);
    ended_call("CA2");  // with the newest event of the log
  }
  bool stays() {
    clean();
    return run(service->find(call)).has_value();
  }
  void has_read_the_log() { sql("UPDATE webhook_endpoints SET next_after = (SELECT MAX(seq) FROM event_log)"); }
  void owe() {
    sql("INSERT INTO webhook_deliveries (id, endpoint_id, event_id, seq, call_id, type, state, due_at, "
        "next_attempt_at, created_at) VALUES ('msg_1', '" +
        endpoint + "', 'evt_1', 1, '" + call + "', 'call.received', 'ready', 0, 0, 0)");
  }
};

TEST_CASE_METHOD(OwedFixture, "a call stays until the enabled endpoints have been told of it") {
  SECTION("one has not looked through the log so far") {
    CHECK(stays());
    has_read_the_log();
    CHECK_FALSE(stays());
  }
  SECTION("one is still owed an event of it") {
    has_read_the_log();
    owe();
    CHECK(stays());
    sql("UPDATE webhook_deliveries SET state = 'delivered', settled_at = 1");
    CHECK_FALSE(stays());
  }
  SECTION("one that fails, for as long as deliveries are kept") {
    sql("UPDATE webhook_endpoints SET failing_since = " + now());
    clock.advance(13 * day);
    settings.cleanup.call_days = 100;
    CHECK(stays());
    clock.advance(1 * day);
    CHECK_FALSE(stays());
  }
  SECTION("one that is disabled or deleted is not waited for") {
    sql("UPDATE webhook_endpoints SET state = 'disabled'");
    CHECK_FALSE(stays());
  }
  SECTION("and no longer than a delivery is kept, whatever they do") {
    clock.advance(13 * day - 1min);
    CHECK(stays());
    clock.advance(2min);
    CHECK_FALSE(stays());
  }
}

TEST_CASE_METHOD(OwedFixture, "a call stays until Event Grid, where there is one, has taken it") {
  has_read_the_log();
  sql("INSERT INTO event_publishers (name, next_after) VALUES ('event-grid', 2)");
  SECTION("it is behind") {
    settings.event_grid.endpoint = "https://calls.example.com/api/events";
    CHECK(stays());
    sql("UPDATE event_publishers SET next_after = 4");
    CHECK_FALSE(stays());
  }
  SECTION("it is not configured any more") {
    CHECK_FALSE(stays());
  }
}

TEST_CASE_METHOD(OwedFixture, "what becomes of a call that is old is said, also that somebody missed it") {
  const auto removed = [&](const Patience& patience) {
    const EndedCall ended{to_millis(find(call).ended_at.value()), call};
    return database
        ->write_blocking<Removal>([&](store::Sql& in) -> Result<Removal> { return remove_call(in, ended, patience); })
        .value();
  };
  CHECK(removed({from_millis(0), from_millis(0), false}) == Removal::stays);
  SECTION("to everybody") {
    has_read_the_log();
    CHECK(removed({from_millis(0), from_millis(0), true}) == Removal::removed);
  }
  SECTION("not to one that has failed for long") {
    sql("UPDATE webhook_endpoints SET failing_since = " + now());
    CHECK(removed({from_millis(0), clock.wall(), false}) == Removal::given_up);
  }
  SECTION("not to one that has had long enough") {
    CHECK(removed({clock.wall(), from_millis(0), false}) == Removal::given_up);
  }
}

}  // namespace
}  // namespace trunkline::app
