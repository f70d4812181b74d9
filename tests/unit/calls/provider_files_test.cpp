#include "service_fixture.hpp"

#include <trunkline/calls/verify.hpp>

#include <nlohmann/json.hpp>

namespace trunkline::calls {
namespace {

using namespace test;
using nlohmann::json;

/// A call of which its provider has files.
struct Filed : Fixture {
  Admitted call = arrive("CA1");

  static ProviderFile file(const std::string& name, std::int64_t part = 0) {
    ProviderFile out;
    out.recording = "r1";
    out.part = part;
    out.name = name;
    out.format = "mp3";
    out.location = "https://keeper.example/" + name + "?secret";
    out.delete_location = "https://keeper.example/d/" + name;
    out.duration = milliseconds{1'500};
    return out;
  }
  Result<Updated> tell(const std::string& key, std::vector<ProviderFile> files) {
    StatusUpdate update;
    update.inbox_key = key;
    update.provider = "twilio";
    update.provider_call_id = "CA1";
    update.type = EventType::recording_started;
    update.at = clock.wall();
    update.data = R"({"providerRecordingId":"r1"})";
    update.files = std::move(files);
    return run(service->update(update));
  }
  std::vector<json> started() {
    std::vector<json> found;
    for (const Event& event : run(service->events_of(call.call_id, 0, 100)).value()) {
      if (event.type == EventType::recording_started) found.push_back(json::parse(event.data));
    }
    return found;
  }
};

TEST_CASE("a provider's files become recordings, jobs and events at once") {
  Filed fixture;
  REQUIRE(fixture.tell("k1", {Filed::file("a"), Filed::file("b", 1)}).has_value());
  const auto events = fixture.started();
  REQUIRE(events.size() == 2);
  CHECK(events[0]["providerRecordingId"] == "r1");
  CHECK(events[1]["part"] == 1);
  CHECK(events[0].dump().find("keeper") == std::string::npos);
  const std::string id = events[0]["recordingId"];
  CHECK(fixture.count("call_recordings WHERE id = '" + id +
                      "' AND state = 'recording' AND format = 'mp3' AND source = 'twilio' AND node = '' AND part = 0 "
                      "AND provider_recording_id = 'r1' AND path LIKE '20%/" +
                      id + ".mp3'") == 1);
  CHECK(fixture.count("recording_fetches WHERE recording_id = '" + id + "' AND call_id = '" + fixture.call.call_id +
                      "' AND provider = 'twilio' AND location = 'https://keeper.example/a?secret' AND duration_ms = "
                      "1500 AND attempts = 0 AND next_attempt_at = " +
                      std::to_string(to_millis(fixture.clock.wall()))) == 1);
  CHECK(fixture.count("recording_fetches") == 2);
  CHECK(verify_calls(*fixture.database).value().agrees());
}

TEST_CASE("the same word about files, or another one about the same files, makes nothing twice") {
  Filed fixture;
  REQUIRE(fixture.tell("k1", {Filed::file("a")}).has_value());
  const auto again = fixture.tell("k1", {Filed::file("a")});
  REQUIRE(again.has_value());
  CHECK(again->repeated);
  const auto another = fixture.tell("k2", {Filed::file("a"), Filed::file("b", 1)});
  REQUIRE(another.has_value());
  CHECK_FALSE(another->repeated);
  CHECK(fixture.started().size() == 2);
  CHECK(fixture.count("recording_fetches") == 2);
  CHECK(fixture.count("call_recordings") == 2);
}

TEST_CASE("a file that could not be fetched is tried anew when it is told of again") {
  Filed fixture;
  REQUIRE(fixture.tell("k1", {Filed::file("a")}).has_value());
  const std::string id = fixture.started().at(0)["recordingId"];
  const std::string data = R"({"recordingId":")" + id + R"(","reason":"recording_gone"})";
  REQUIRE(run(fixture.service->append(fixture.call.call_id, EventType::recording_failed, data)).has_value());
  REQUIRE(fixture.tell("k2", {Filed::file("a")}).has_value());
  CHECK(fixture.started().size() == 2);
  CHECK(fixture.count("call_recordings WHERE state = 'failed'") == 1);
  CHECK(fixture.count("call_recordings WHERE state = 'recording'") == 1);
}

TEST_CASE("nothing of a provider's files is kept when the word of them is not") {
  Filed fixture;
  const auto on_flaky = fixture.make_service(fixture.flaky);
  fixture.flaky.fail_writes(1);
  StatusUpdate update;
  update.inbox_key = "k1";
  update.provider = "twilio";
  update.provider_call_id = "CA1";
  update.at = fixture.clock.wall();
  update.data = "{}";
  update.files = {Filed::file("a")};
  CHECK(run(on_flaky->update(update)).has_error());
  CHECK(fixture.count("recording_fetches") == 0);
  CHECK(fixture.count("call_recordings") == 0);
}

}  // namespace
}  // namespace trunkline::calls
