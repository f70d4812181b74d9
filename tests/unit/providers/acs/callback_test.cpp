#include "unit/providers/acs/callback_fixture.hpp"

#include <set>
#include <vector>

using namespace trunkline;
using namespace trunkline::providers::acs;
using namespace trunkline::providers::acs::test;
using calls::EventType;
using nlohmann::json;

namespace {

const std::string phone = R"({"kind":"phoneNumber","rawId":"4:+16045551234","phoneNumber":{"value":"+16045551234"}})";
const std::string party = R"({"id":"4:+16045551234","address":"+16045551234"})";
const std::string failure = R"("resultInformation":{"code":400,"subCode":8501,"message":"No.","sipDetails":{"code":500,
  "message":"Oops"},"q850Details":{"code":41,"message":"Temporary"}})";
const std::string done = R"("context":"op-1","code":200,"subCode":0,"message":"Done.")";
const std::string refused = R"("context":"op-1","reason":"not-established","code":400,"subCode":8501,"message":"No.",
  "sip":{"code":500,"message":"Oops"},"q850":{"code":41,"message":"Temporary"})";
const std::string names = R"("names":{"callConnectionId":"421f1d00-1f2a","serverCallId":"aHR0cHM6Ly9h="})";

struct Row {
  std::string name;
  std::string wire;  // what its data has beyond the common, without braces
  EventType type;
  std::string data;  // the event's, without braces
};

std::string succeeded(const std::string& operation) {
  return R"("operation":")" + operation + "\"," + done;
}
std::string failed(const std::string& operation) {
  return R"("operation":")" + operation + "\"," + refused;
}
std::string status(const std::string& word, const std::string& name, const std::string& operation = "") {
  const std::string asked = operation.empty() ? "" : R"("operation":")" + operation + "\",";
  return asked + R"("status":")" + word + R"(","providerStatus":")" + name + "\"," + names;
}

std::vector<Row> of_calls() {
  const std::string how = R"(,"reason":"failed","code":200,"subCode":0,"message":"Done.")";
  return {
      {"CallConnected", "", EventType::call_status, status("CONNECTED", "CallConnected")},
      {"CallDisconnected", "", EventType::call_status,
       status("ENDED", "CallDisconnected") + R"(,"reason":"completed","code":200,"subCode":0,"message":"Done.")"},
      {"CreateCallFailed", "", EventType::call_status, status("FAILED", "CreateCallFailed", "create-call") + how},
      {"AnswerFailed", "", EventType::call_status, status("FAILED", "AnswerFailed", "answer") + how},
      {"ConnectFailed", "", EventType::call_status, status("FAILED", "ConnectFailed", "connect") + how},
      {"CallTransferAccepted", R"("transferTarget":{"rawId":"8:orgid:u"},"transferee":)" + phone,
       EventType::operation_completed,
       succeeded("transfer") + R"(,"target":{"id":"8:orgid:u","address":"8:orgid:u"},"transferee":)" + party},
      {"CallTransferFailed", failure, EventType::operation_failed, failed("transfer")},
      {"HoldFailed", failure, EventType::operation_failed, failed("hold")},
  };
}

std::vector<Row> of_participants() {
  const std::string wire = R"("participant":)" + phone;
  const std::string read = R"(,"participant":)" + party;
  const std::string moved_wire = wire + R"(,"fromCall":"other-call")";
  const std::string moved = read + R"(,"fromCall":"other-call")";
  const std::string invited = R"("invitationId":"inv-1")";
  return {
      {"ParticipantsUpdated",
       R"("sequenceNumber":3,"participants":[{"identifier":)" + phone + R"(,"isMuted":true,"isOnHold":false}])",
       EventType::participants_changed,
       R"("sequence":3,"participants":[{"id":"4:+16045551234","address":"+16045551234","muted":true,"onHold":false}])"},
      {"AddParticipantSucceeded", wire, EventType::operation_completed, succeeded("add-participant") + read},
      {"AddParticipantFailed", wire + "," + failure, EventType::operation_failed, failed("add-participant") + read},
      {"RemoveParticipantSucceeded", wire, EventType::operation_completed, succeeded("remove-participant") + read},
      {"RemoveParticipantFailed", wire + "," + failure, EventType::operation_failed,
       failed("remove-participant") + read},
      {"CancelAddParticipantSucceeded", invited, EventType::operation_completed,
       succeeded("cancel-add-participant") + "," + invited},
      {"CancelAddParticipantFailed", invited + "," + failure, EventType::operation_failed,
       failed("cancel-add-participant") + "," + invited},
      {"MoveParticipantSucceeded", moved_wire, EventType::operation_completed, succeeded("move-participant") + moved},
      {"MoveParticipantFailed", moved_wire + "," + failure, EventType::operation_failed,
       failed("move-participant") + moved},
  };
}

std::vector<Row> of_prompts_and_tones() {
  return {
      {"PlayStarted", "", EventType::operation_started, succeeded("play")},
      {"PlayCompleted", "", EventType::operation_completed, succeeded("play")},
      {"PlayFailed", R"("failedPlaySourceIndex":2,)" + failure, EventType::operation_failed,
       failed("play") + R"(,"failedPlaySourceIndex":2)"},
      {"PlayCanceled", "", EventType::operation_cancelled, succeeded("play")},
      {"RecognizeCompleted", R"("recognitionType":"dtmf","dtmfResult":{"tones":["one","TWO","pound","asterisk","d"]})",
       EventType::operation_completed, succeeded("recognize") + R"(,"recognitionType":"dtmf","tones":"12#*D")"},
      {"RecognizeCompleted",
       R"("recognitionType":"Choices","choiceResult":{"label":"Yes","recognizedPhrase":"yes please","confidence":0.5})",
       EventType::operation_completed,
       succeeded("recognize") +
           R"(,"recognitionType":"choices","label":"Yes","recognizedPhrase":"yes please","confidence":0.5)"},
      {"RecognizeCompleted", R"("recognitionType":"speech","speechResult":{"speech":"my order","confidence":1})",
       EventType::operation_completed,
       succeeded("recognize") + R"(,"recognitionType":"speech","speech":"my order","confidence":1.0)"},
      {"RecognizeFailed", failure, EventType::operation_failed, failed("recognize")},
      {"RecognizeCanceled", "", EventType::operation_cancelled, succeeded("recognize")},
      {"ContinuousDtmfRecognitionToneReceived", R"("sequenceId":1,"tone":"nine")", EventType::dtmf_received,
       R"("digit":"9","sequence":1,"source":"continuous")"},
      {"ContinuousDtmfRecognitionToneFailed", failure, EventType::operation_failed, failed("continuous-dtmf")},
      {"ContinuousDtmfRecognitionStopped", "", EventType::operation_completed, succeeded("continuous-dtmf")},
      {"SendDtmfTonesCompleted", "", EventType::operation_completed, succeeded("send-dtmf")},
      {"SendDtmfTonesFailed", failure, EventType::operation_failed, failed("send-dtmf")},
  };
}

std::vector<Row> of_recordings_and_streams() {
  const std::string began =
      R"("mediaStreamingUpdate":{"contentType":"Audio","mediaStreamingStatus":"mediaStreamingStarted",
         "mediaStreamingStatusDetails":"subscriptionStarted"})";
  const std::string locale =
      R"("transcriptionUpdate":{"transcriptionStatus":"transcriptionUpdated",
         "transcriptionStatusDetails":"transcriptionLocaleUpdated"})";
  return {
      {"RecordingStateChanged",
       R"("recordingId":"eyJQ","state":"active","startDateTime":"2026-11-20T12:01:10.000Z",
          "recordingKind":"azureCommunicationServices","operationContext":null)",
       EventType::recording_started,
       R"("providerRecordingId":"eyJQ","kind":"azureCommunicationServices","startedAt":"2026-11-20T12:01:10.000Z")"},
      {"RecordingStateChanged", R"("recordingId":"eyJQ","state":"Inactive")", EventType::recording_stopped,
       R"("providerRecordingId":"eyJQ")"},
      {"StartRecordingFailed", R"("recordingId":"eyJQ",)" + failure, EventType::operation_failed,
       failed("recording") + R"(,"providerRecordingId":"eyJQ")"},
      {"MediaStreamingStarted", began, EventType::operation_started,
       succeeded("media-streaming") + R"(,"status":"mediaStreamingStarted","details":"subscriptionStarted")"},
      {"MediaStreamingStopped", "", EventType::operation_completed, succeeded("media-streaming")},
      {"MediaStreamingFailed", failure, EventType::media_trouble,
       failed("media-streaming") + R"(,"streamId":"421f1d00-1f2a")"},
      {"TranscriptionStarted", "", EventType::operation_started, succeeded("transcription")},
      {"TranscriptionStopped", "", EventType::operation_completed, succeeded("transcription")},
      {"TranscriptionUpdated", locale, EventType::operation_started,
       succeeded("transcription") + R"(,"status":"transcriptionUpdated","details":"transcriptionLocaleUpdated")"},
      {"TranscriptionFailed", failure, EventType::transcript_trouble, failed("transcription") + R"(,"engine":"acs")"},
  };
}

std::vector<Row> all_rows() {
  std::vector<Row> out;
  for (const auto& part : {of_calls(), of_participants(), of_prompts_and_tones(), of_recordings_and_streams()}) {
    out.insert(out.end(), part.begin(), part.end());
  }
  return out;
}

json in_braces(const std::string& members) {
  return json::parse("{" + members + "}");
}

}  // namespace

TEST_CASE("every callback becomes an event of its call") {
  const Row row = GENERATE(from_range(all_rows()));
  CAPTURE(row.name, row.wire);
  const Occurrence read = occurrence(callback(row.name, in_braces(row.wire)));
  CHECK(read.type == row.type);
  CHECK(read.data == in_braces(row.data));
  CHECK(read.connection_id == "421f1d00-1f2a");
  CHECK(read.server_call_id == "aHR0cHM6Ly9h=");
  CHECK(read.correlation_id == "7b2f0c64-5a1d");
  CHECK(read.inbox_key == "acs/calling/callConnections/421f1d00-1f2a/ev-1");
  CHECK(read.at == happened);
}

TEST_CASE("all 38 types are among them") {
  std::set<std::string> types;
  for (const Row& row : all_rows()) types.insert(row.name);
  CHECK(types.size() == 38);
}

TEST_CASE("a call that is disconnected or could not be made says how it ended") {
  const auto ended = [](const char* name, int code, int sub_code) {
    return occurrence(callback(name, {{"resultInformation", {{"code", code}, {"subCode", sub_code}}}})).data;
  };
  CHECK(ended("CallDisconnected", 603, 0)["status"] == "DECLINED");
  CHECK(ended("CallDisconnected", 400, 8539)["status"] == "BUSY");
  CHECK(ended("CallDisconnected", 500, 1)["status"] == "ENDED");
  CHECK(ended("CallDisconnected", 500, 1)["reason"] == "code-500");
  CHECK(ended("CreateCallFailed", 400, 8587)["status"] == "MISSED");
  CHECK(ended("AnswerFailed", 404, 8522)["status"] == "CANCELLED");
  CHECK(ended("ConnectFailed", 404, 8522)["status"] == "FAILED");
  const json without = occurrence(callback("CallDisconnected", {{"resultInformation", nullptr}})).data;
  CHECK(without["status"] == "ENDED");
  CHECK(without["reason"] == "completed");
}

TEST_CASE("trouble with a stream is named by its details, where they say more than the code") {
  const auto reason = [](const char* name, const char* update, const char* key, const char* details) {
    return occurrence(callback(name, {{update, {{key, details}}}, {"resultInformation", {{"subCode", 8581}}}}))
        .data["reason"];
  };
  const auto of_stream = [&](const char* details) {
    return reason("MediaStreamingFailed", "mediaStreamingUpdate", "mediaStreamingStatusDetails", details);
  };
  CHECK(of_stream("InitialWebSocketConnectionFailed") == "initial-web-socket-connection-failed");
  CHECK(of_stream("streamConnectionInterrupted") == "stream-connection-interrupted");
  CHECK(of_stream("unspecifiedError") == "bad-stream-url");
  CHECK(of_stream("somethingNew") == "bad-stream-url");
  CHECK(reason("TranscriptionFailed", "transcriptionUpdate", "transcriptionStatusDetails",
               "speechServicesConnectionError") == "speech-services-connection-error");
}

TEST_CASE("what Event Grid tells of calls between users is kept and is never a call's state") {
  const json started_by = {{"communicationIdentifier", {{"rawId", "8:acs:a_b"}}}, {"role", "Organizer"}};
  const auto read = [&](const std::string& name, const json& more) {
    Envelope event = callback(name, {{"callConnectionId", nullptr}, {"startedBy", started_by}, {"isTwoParty", true}});
    event.source = "/subscriptions/s/communicationServices/contoso";
    event.data.update(more);
    const auto callback = read_callback(event, now);
    REQUIRE(callback.has_value());
    return std::get<Informational>(*callback);
  };
  const json user = {{"id", "8:acs:a_b"}, {"address", "8:acs:a_b"}};
  const Informational began = read("CallStarted", json::object());
  CHECK(began.name == "CallStarted");
  CHECK(began.server_call_id == "aHR0cHM6Ly9h=");
  CHECK(began.correlation_id == "7b2f0c64-5a1d");
  CHECK(began.inbox_key == "acs//subscriptions/s/communicationServices/contoso/ev-1");
  CHECK(began.at == happened);
  CHECK(began.data == json{{"startedBy", user}, {"twoParties", true}});

  const json ended = {{"endedBy", started_by}, {"reason", {{"code", 0}, {"subCode", 7000}, {"phrase", "Over"}}}};
  json expected = {{"startedBy", user}, {"endedBy", user},   {"twoParties", true},   {"code", 0},
                   {"subCode", 7000},   {"message", "Over"}, {"durationSeconds", 12}};
  json of_library = ended;
  of_library["callDurationInSeconds"] = 12;
  CHECK(read("CallEnded", of_library).data == expected);
  json of_page = ended;
  of_page["durationOfCall"] = 12;
  CHECK(read("CallEnded", of_page).data == expected);

  expected = {{"startedBy", user}, {"participant", user}, {"twoParties", true}, {"displayName", "Ada"}};
  CHECK(read("CallParticipantAdded", {{"user", started_by}, {"displayName", "Ada"}}).data == expected);
  CHECK(read("CallParticipantRemoved", {{"user", {{"rawId", "8:acs:a_b"}}}, {"displayName", "Ada"}}).data == expected);
}

TEST_CASE("a type that is not known is told apart from one that is malformed") {
  const auto unknown = [](const char* type, const json& data) {
    const auto read = read_callback({"ev-1", "s", type, std::nullopt, "", data}, now);
    REQUIRE(read.has_value());
    return std::get<Unknown>(*read);
  };
  CHECK(unknown("Microsoft.Communication.HologramProjected", nullptr).about.inbox_key == "acs/s/ev-1");
  CHECK(unknown("Microsoft.Communication.HologramProjected", 5).type == "Microsoft.Communication.HologramProjected");
  CHECK(unknown("Microsoft.Communication.AnswerCallFailed", json::object()).type.ends_with("AnswerCallFailed"));
  CHECK(unknown("Microsoft.Communication.", nullptr).type == "Microsoft.Communication.");
  CHECK(unknown("Microsoft.Communication.IncomingCall", json::object()).type.ends_with("IncomingCall"));
  CHECK(unknown("Microsoft.Storage.BlobCreated", json::object()).type == "Microsoft.Storage.BlobCreated");
  CHECK(unknown("CallConnected", json::object()).type == "CallConnected");
  const json told = {{"callConnectionId", "conn-1"}, {"height", 3}, {"incomingCallContext", "secret"}};
  const Occurrence about = unknown("Microsoft.Communication.HologramProjected", told).about;
  CHECK(about.type == calls::EventType::provider_event);
  CHECK(about.connection_id == "conn-1");
  CHECK(about.data == json{{"eventType", "Microsoft.Communication.HologramProjected"},
                           {"data", {{"callConnectionId", "conn-1"}, {"height", 3}}}});
  const json long_story = {{"callConnectionId", "conn-1"}, {"text", std::string(20'000, 'x')}};
  CHECK_FALSE(unknown("New", long_story).about.data.contains("data"));
  CHECK(unknown("New", {{"callConnectionId", 7}}).about.connection_id.empty());
  CHECK(why_not({"ev-1", "s", "Microsoft.Communication.CallStarted", std::nullopt, "", nullptr}) ==
        "data must be an object");
}
