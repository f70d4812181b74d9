#include "app/call_metrics.hpp"

#include "unit/calls/service_fixture.hpp"

#include <catch2/catch.hpp>

namespace trunkline::app {
namespace {

using calls::State;

struct MetricsFixture {
  observe::Metrics metrics{"test"};
  CallMetrics counted{metrics};
  calls::test::Fixture calls;
  MetricsFixture() { calls.service->observe(counted); }

  bool shows(const std::string& line) const {
    return ("\n" + metrics.render()).find("\ntrunkline_" + line + "\n") != std::string::npos;
  }
};

const std::string active = R"(calls_active{direction="inbound",provider="twilio"} )";
std::string ended_as(const std::string& outcome) {
  return R"(calls_total{direction="inbound",outcome=")" + outcome + R"(",provider="twilio"} )";
}

TEST_CASE("a call is active from its first event until it is over, and then counted by how it ended") {
  MetricsFixture fixture;
  fixture.calls.arrive("CA1");
  fixture.calls.arrive("CA2");
  CHECK(fixture.shows(active + "2"));

  REQUIRE(fixture.calls.report("CA1", "1", State::connected).has_value());
  fixture.calls.clock.advance(std::chrono::seconds(90));
  REQUIRE(fixture.calls.report("CA1", "2", State::ended).has_value());
  REQUIRE(fixture.calls.report("CA2", "3", State::busy).has_value());
  CHECK(fixture.shows(active + "0"));
  CHECK(fixture.shows(ended_as("ended") + "1"));
  CHECK(fixture.shows(ended_as("busy") + "1"));
}

TEST_CASE("only calls that were answered have a length") {
  MetricsFixture fixture;
  fixture.calls.arrive("CA1");
  fixture.calls.arrive("CA2");
  REQUIRE(fixture.calls.report("CA1", "1", State::connected).has_value());
  REQUIRE(fixture.calls.report("CA1", "2", State::ended, R"(,"duration":42)").has_value());
  REQUIRE(fixture.calls.report("CA2", "3", State::missed).has_value());
  CHECK(fixture.shows("call_duration_seconds_count 1"));
  CHECK(fixture.shows("call_duration_seconds_sum 42"));
}

TEST_CASE("what is said of a call after its end does not count it again") {
  MetricsFixture fixture;
  const auto call = fixture.calls.arrive("CA1");
  REQUIRE(fixture.calls.report("CA1", "1", State::ended).has_value());
  REQUIRE(fixture.calls.report("CA1", "2", State::failed).has_value());
  REQUIRE(calls::test::run(fixture.calls.service->append(call.call_id, calls::EventType::recording_completed, "{}"))
              .has_value());
  CHECK(fixture.shows(active + "0"));
  CHECK(fixture.shows(ended_as("ended") + "1"));
  CHECK_FALSE(fixture.shows(ended_as("failed") + "1"));
}

TEST_CASE("calls that an earlier run left open are active from the start") {
  MetricsFixture before;
  before.calls.arrive("CA1");
  before.calls.arrive("CA2");
  REQUIRE(before.calls.report("CA2", "1", State::ended).has_value());

  observe::Metrics metrics("test");
  REQUIRE(CallMetrics(metrics).seed(*before.calls.database).has_value());
  CHECK_THAT(metrics.render(), Catch::Contains("trunkline_" + active + "1"));
}

TEST_CASE("calls that end on another node are no longer active once they are counted anew") {
  MetricsFixture fixture;
  fixture.calls.arrive("CA1");
  observe::Metrics metrics("test");
  CallMetrics other(metrics);
  REQUIRE(other.seed(*fixture.calls.database).has_value());
  CHECK_THAT(metrics.render(), Catch::Contains("trunkline_" + active + "1"));
  REQUIRE(fixture.calls.report("CA1", "1", State::ended).has_value());
  REQUIRE(calls::test::run(other.recount(*fixture.calls.database)).has_value());
  CHECK_THAT(metrics.render(), Catch::Contains("trunkline_" + active + "0"));
}

}  // namespace
}  // namespace trunkline::app
