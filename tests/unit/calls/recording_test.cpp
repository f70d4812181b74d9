#include "service_fixture.hpp"

#include <trunkline/calls/verify.hpp>

namespace trunkline::calls {
namespace {

using namespace test;

/// A connected call with a recording that runs.
struct Recorded : Fixture {
  Admitted call = arrive("CA1");
  std::string id = run(service->start_media({call.call_id, "CA1", call.token, "MZ1", true, "{}"})).value().recording_id;

  Event tell(EventType type, const std::string& data) {
    const auto event = run(service->append(call.call_id, type, data));
    REQUIRE(event.has_value());
    return *event;
  }
  Event repaired() {
    return tell(EventType::recording_completed,
                R"({"recordingId":")" + id +
                    R"(","durationMs":1234,"sizeBytes":39532,"sha256":"abc","channels":1,"sampleRate":16000,)"
                    R"("format":"wav","recovered":true})");
  }
  Event found_lost() { return failed(R"("recording_missing","recovered":true)"); }
  Event given_up() { return failed(R"("orphaned")"); }
  /// As who wrote it tells it.
  Event completed() {
    return tell(EventType::recording_completed,
                R"({"recordingId":")" + id + R"(","durationMs":2000,"sizeBytes":64044,"sha256":"def"})");
  }
  Event failed(const std::string& reason = R"("disk_failed")") {
    return tell(EventType::recording_failed, R"({"recordingId":")" + id + R"(","reason":)" + reason + "}");
  }
  static bool corrects(const Event& event) { return event.data.find(R"("correction":true)") != std::string::npos; }
  bool agrees() { return verify_calls(*database).value().agrees(); }
  bool row_is(const std::string& condition) {
    return count("call_recordings WHERE id = '" + id + "' AND " + condition) == 1;
  }
};

TEST_CASE("the event that a recording is completed settles its row") {
  Recorded fixture;
  fixture.clock.advance(std::chrono::seconds(3));
  CHECK(fixture.repaired().version > 0);
  CHECK(fixture.row_is("state = 'completed' AND duration_ms = 1234 AND size_bytes = 39532 AND sha256 = 'abc'"));
  CHECK(fixture.row_is("channels = 1 AND sample_rate = 16000 AND format = 'wav' AND recovered = 1 AND failure = ''"));
  CHECK(fixture.row_is("completed_at = " + std::to_string(to_millis(fixture.clock.wall()))));
}

TEST_CASE("the event that a recording failed settles its row with the reason") {
  Recorded fixture;
  CHECK(fixture.failed().version > 0);
  CHECK(fixture.row_is("state = 'failed' AND failure = 'disk_failed' AND duration_ms = 0 AND sample_rate = 8000"));
}

TEST_CASE("a recording is settled once: what is told of it again changes nothing") {
  Recorded fixture;
  fixture.completed();
  const auto before = fixture.find(fixture.call.call_id).version;
  CHECK(fixture.completed().version == 0);
  CHECK(fixture.failed().version == 0);
  CHECK(fixture.find(fixture.call.call_id).version == before);
  CHECK(fixture.repaired().version == 0);
  CHECK(fixture.given_up().version == 0);
  CHECK(fixture.row_is("state = 'completed' AND recovered = 0 AND failure = ''"));
  CHECK(fixture.agrees());
}

TEST_CASE("what was made of a recording without its writer is corrected by the writer's word, once") {
  Recorded fixture;
  SECTION("repaired") {
    CHECK_FALSE(Recorded::corrects(fixture.repaired()));
  }
  SECTION("found lost") {
    CHECK_FALSE(Recorded::corrects(fixture.found_lost()));
  }
  SECTION("given up") {
    CHECK_FALSE(Recorded::corrects(fixture.given_up()));
  }
  const auto told = fixture.completed();
  CHECK(told.version > 0);
  CHECK(Recorded::corrects(told));
  CHECK(fixture.row_is("state = 'completed' AND recovered = 0 AND failure = '' AND duration_ms = 2000"));
  CHECK(fixture.completed().version == 0);
  CHECK(fixture.repaired().version == 0);
  CHECK(fixture.found_lost().version == 0);
  CHECK(fixture.given_up().version == 0);
  CHECK(fixture.row_is("state = 'completed' AND sha256 = 'def'"));
  CHECK(fixture.agrees());
}

TEST_CASE("what was given up may still be repaired, and what was repaired is not given up") {
  Recorded fixture;
  fixture.given_up();
  CHECK(Recorded::corrects(fixture.repaired()));
  CHECK(fixture.row_is("state = 'completed' AND recovered = 1 AND failure = ''"));
  CHECK(fixture.given_up().version == 0);
  CHECK(fixture.found_lost().version == 0);
  CHECK(fixture.agrees());
}

TEST_CASE("two ends of one recording without a correction are found") {
  Recorded fixture;
  fixture.repaired();
  fixture.completed();
  REQUIRE(store::test::execute(*fixture.database,
                               "UPDATE call_events SET data = REPLACE(data, '\"correction\":true', '\"x\":1')"));
  const auto report = verify_calls(*fixture.database).value();
  REQUIRE(report.found == 1);
  CHECK(report.differences.front().what == "recording.twice");
}

TEST_CASE("a call cannot settle a recording of another") {
  Recorded fixture;
  fixture.call = fixture.arrive("CA2");
  CHECK(fixture.completed().version == 0);
  CHECK(fixture.row_is("state = 'recording'"));
}

TEST_CASE("the provider's own recordings are told and have no row") {
  Recorded fixture;
  const std::string data = R"({"providerRecordingId":"RE1","durationMs":1000})";
  CHECK(fixture.tell(EventType::recording_completed, data).version > 0);
  CHECK(fixture.tell(EventType::recording_completed, data).version > 0);
  CHECK(fixture.row_is("state = 'recording'"));
}

}  // namespace
}  // namespace trunkline::calls
