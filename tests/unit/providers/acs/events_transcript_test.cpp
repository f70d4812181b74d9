#include <trunkline/providers/acs/callback.hpp>
#include <trunkline/providers/acs/file_status.hpp>
#include <trunkline/providers/acs/incoming_call.hpp>
#include <trunkline/providers/acs/subscription.hpp>

#include <catch2/catch.hpp>

#include <fstream>
#include <set>

using namespace trunkline;
using namespace trunkline::providers::acs;
using nlohmann::json;

namespace {

constexpr WallTime now{milliseconds{4'000'000'000'000}};

struct Replay {
  std::vector<SubscriptionValidation> validations;
  std::vector<IncomingCall> calls;
  std::vector<RecordingFiles> recordings;
  std::vector<std::string> events;  // type, and what it says
  std::set<std::string> keys;

  void take(const Envelope& event) {
    if (event.type == validation_type) {
      validations.push_back(read_validation(event).value());
    } else if (event.type == incoming_call_type) {
      calls.push_back(read_incoming_call(event).value());
      keys.insert(inbox_key(event));
    } else if (event.type == file_status_type) {
      recordings.push_back(read_file_status(event).value());
    } else {
      const auto read = std::get<Occurrence>(read_callback(event, now).value());
      CHECK(read.connection_id == "421f1d00-1f2a-4b7c-9d0e-0a1b2c3d4e5f");
      if (!keys.insert(read.inbox_key).second) return;
      std::string said = std::string(calls::to_string(read.type));
      for (const char* key : {"operation", "status", "reason", "context", "tones", "digit"}) {
        if (read.data.contains(key)) said += " " + read.data[key].get<std::string>();
      }
      events.push_back(std::move(said));
    }
  }
};

Replay replay() {
  std::ifstream file(TRUNKLINE_SOURCE_DIR "/tests/data/acs/acs-events.jsonl");
  REQUIRE(file);
  Replay out;
  for (std::string line; std::getline(file, line);) {
    const auto events = read_envelopes(json::parse(line)["message"].dump());
    REQUIRE(events.has_value());
    for (const auto& event : *events) out.take(event.value());
  }
  return out;
}

}  // namespace

TEST_CASE("a recorded call of Azure is read from its validation to its recording") {
  const Replay call = replay();
  REQUIRE(call.validations.size() == 1);
  CHECK(call.validations[0].code == "512d38b6-c7b8-40c8-89fe-f46f9e9622b6");
  REQUIRE(call.calls.size() == 2);  // in both schemas
  CHECK(call.calls[0].from == phone_number("+16045551234"));
  CHECK(call.calls[1].context == call.calls[0].context);
  const std::vector<std::string> expected = {
      "call.status CONNECTED",
      "participants.changed",
      "operation.started media-streaming mediaStreamingStarted c-0001",
      "dtmf.received 3",
      "operation.started play play-1",
      "operation.completed play play-1",
      "operation.failed play file-not-downloadable play-2",
      "operation.completed recognize max-digits pin-1 1234",
      "operation.failed recognize initial-silence pin-2",
      "recording.started",
      "operation.completed transfer xfer-1",
      "operation.completed media-streaming mediaStreamingStopped",
      "call.status ENDED completed",
  };
  CHECK(call.events == expected);
  REQUIRE(call.recordings.size() == 1);
  CHECK(call.recordings[0].recording_id == "eyJQbGF0Zm9ybUVuZHBvaW50SWQiOiJzeW50aGV0aWMifQ==");
  CHECK(call.recordings[0].chunks.size() == 1);
}
