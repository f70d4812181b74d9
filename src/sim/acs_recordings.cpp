#include "sim/acs_operations.hpp"

#include <trunkline/base/base64.hpp>
#include <trunkline/base/text.hpp>

#include <algorithm>

// Recordings that the service itself makes; there is nothing in them.
namespace trunkline::sim {
namespace {

using nlohmann::json;

constexpr const char* kind = "azureCommunicationServices";

json state_of(const std::string& id, const AcsRecording& recording) {
  return {{"recordingId", id}, {"recordingState", recording.active ? "active" : "inactive"}, {"recordingKind", kind}};
}

void tell(AcsCalls& calls, const std::string& id, const AcsRecording& recording) {
  const auto call = recording.call.lock();
  if (call == nullptr) return;
  calls.tell(*call, "RecordingStateChanged",
             {{"operationContext", nullptr},
              {"recordingId", id},
              {"state", recording.active ? "active" : "inactive"},
              {"startDateTime", text::to_rfc3339(calls.now())},
              {"recordingKind", kind}},
             recording.callback_uri);
}

std::shared_ptr<AcsCall> named_call(AcsCalls& calls, AcsFields& fields) {
  const std::string connection = fields.text("callConnectionId", false);
  if (!connection.empty()) return calls.connected(connection);
  AcsFields locator(fields.object("callLocator", true));
  locator.word("kind", "serverCallLocator", "");
  return calls.by_server_call_id(locator.text("serverCallId", false));
}

AcsReply start(AcsCalls& calls, const json& body) {
  AcsFields fields(body);
  const auto call = named_call(calls, fields);
  const std::string content = fields.word("recordingContentType", "audio audioVideo", "audioVideo");
  const std::string channels = fields.word("recordingChannelType", "mixed unmixed", "mixed");
  const std::string format = fields.word("recordingFormatType", "wav mp3 mp4", "mp4");
  fields.that(channels == "mixed" || (format == "wav" && content == "audio"), "recordingFormatType",
              "must be wav, and audio alone, for an unmixed recording");
  fields.array("channelAffinity", 0);
  const bool paused = fields.flag("pauseOnStart");
  const std::string callback = fields.url("recordingStateCallbackUri", false);
  if (auto wrong = fields.refusal()) return *wrong;
  if (call == nullptr) return acs_refusal(404, "8522", "Call not found.");
  const std::string id = base64::encode(json{{"PlatformEndpointId", calls.guid()}}.dump());
  const AcsRecording recording{call, callback, !paused};
  calls.recordings().put(id, recording);
  tell(calls, id, recording);
  return acs_reply(200, state_of(id, recording));
}

AcsReply set_active(AcsCalls& calls, const std::string& id, bool active) {
  AcsRecording& recording = *calls.recordings().find(id);
  if (recording.active != active) {
    recording.active = active;
    tell(calls, id, recording);
  }
  return {202, ""};
}

}  // namespace

AcsReply carry_out_recording(AcsCalls& calls, const AcsRequest& request, std::string_view rest, const json& body) {
  if (rest.empty() && request.method == "POST") return start(calls, body);
  if (!rest.starts_with('/')) return acs_refusal(404, "NotFound", "No such resource.");
  rest.remove_prefix(1);
  const auto end = std::min(rest.find(':'), rest.size());
  const std::string id = text::percent_decode(rest.substr(0, end), false);
  const std::string_view action = rest.substr(end);
  const AcsRecording* recording = calls.recordings().find(id);
  if (recording == nullptr) return acs_refusal(404, "8522", "Recording not found.");
  if (request.method == "GET" && action.empty()) return acs_reply(200, state_of(id, *recording));
  if (request.method == "POST" && action == ":pause") return set_active(calls, id, false);
  if (request.method == "POST" && action == ":resume") return set_active(calls, id, true);
  if (request.method != "DELETE" || !action.empty()) return acs_refusal(404, "NotFound", "No such resource.");
  set_active(calls, id, false);
  calls.recordings().erase(id);
  return {204, ""};
}

}  // namespace trunkline::sim
