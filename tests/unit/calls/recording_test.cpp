#include "service_fixture.hpp"

namespace trunkline::calls {
namespace {

using namespace test;

/// A connected call with a recording that runs.
struct Recorded : Fixture {
  Admitted call = arrive("CA1");
  std::string id = run(service->start_media(call.call_id, "CA1", call.token, "MZ1", true, "{}")).value().recording_id;

  Event tell(EventType type, const std::string& data) {
    const auto event = run(service->append(call.call_id, type, data));
    REQUIRE(event.has_value());
    return *event;
  }
  Event completed() {
    return tell(EventType::recording_completed,
                R"({"recordingId":")" + id +
                    R"(","durationMs":1234,"sizeBytes":39532,"sha256":"abc","channels":1,"sampleRate":16000,)"
                    R"("format":"wav","recovered":true})");
  }
  Event failed() {
    return tell(EventType::recording_failed, R"({"recordingId":")" + id + R"(","reason":"disk_failed"})");
  }
  bool row_is(const std::string& condition) {
    return count("call_recordings WHERE id = '" + id + "' AND " + condition) == 1;
  }
};

TEST_CASE("the event that a recording is completed settles its row") {
  Recorded fixture;
  fixture.clock.advance(std::chrono::seconds(3));
  CHECK(fixture.completed().version > 0);
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
  CHECK(fixture.row_is("state = 'completed' AND failure = ''"));
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
