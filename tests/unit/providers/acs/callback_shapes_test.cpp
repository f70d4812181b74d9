#include "unit/providers/acs/callback_fixture.hpp"

using namespace trunkline;
using namespace trunkline::providers::acs;
using namespace trunkline::providers::acs::test;
using nlohmann::json;

namespace {

constexpr std::size_t largest_event = 64 * 1024;

json phone(std::size_t number) {
  return {{"phoneNumber", {{"value", "+1604" + std::to_string(1'000'000 + number)}}}};
}

json roster(std::size_t size, json (*identifier)(std::size_t)) {
  json list = json::array();
  for (std::size_t i = 0; i < size; ++i) list.push_back({{"identifier", identifier(i)}, {"isMuted", i == 0}});
  return {{"sequenceNumber", 1}, {"participants", std::move(list)}};
}

}  // namespace

TEST_CASE("a callback happened when it says, but not after it came") {
  Envelope event = callback("PlayStarted");
  event.time = now + milliseconds{1};
  CHECK(occurrence(event).at == now);
  event.time.reset();
  CHECK(occurrence(event).at == now);
  event.time = now - milliseconds{1};
  CHECK(occurrence(event).at == now - milliseconds{1});
}

TEST_CASE("a callback names its call in its data or in its source") {
  Envelope event = callback("PlayStarted", {{"callConnectionId", nullptr}});
  CHECK(occurrence(event).connection_id == "421f1d00-1f2a");
  event.source = "calling/callConnections/abc/PlayStarted";
  CHECK(occurrence(event).connection_id == "abc");
  for (const char* source : {"calling", "calling/callConnections/", "calling/callConnections/a b"}) {
    event.source = source;
    CHECK(why_not(event) == "data.callConnectionId is missing");
  }
  const std::string shape = " must be visible ASCII of at most ";
  CHECK(why_not(callback("PlayStarted", {{"callConnectionId", 5}})) ==
        "data.callConnectionId" + shape + "256 characters");
  CHECK(why_not(callback("PlayStarted", {{"callConnectionId", std::string(257, 'x')}})) ==
        "data.callConnectionId" + shape + "256 characters");
  CHECK(why_not(callback("CallConnected", {{"serverCallId", "a b"}})) ==
        "data.serverCallId" + shape + "2048 characters");
  CHECK(why_not(callback("CallConnected", {{"correlationId", json::array()}})) ==
        "data.correlationId" + shape + "256 characters");
  event.data = json::array();
  CHECK(why_not(event) == "data must be an object");
}

TEST_CASE("a recording may be known by its server call alone") {
  Envelope event =
      callback("RecordingStateChanged", {{"callConnectionId", nullptr}, {"recordingId", "r"}, {"state", "active"}});
  event.source = "calling/recordings/r";
  CHECK(occurrence(event).connection_id.empty());
  CHECK(occurrence(event).server_call_id == "aHR0cHM6Ly9h=");
  event.data.erase("serverCallId");
  CHECK(why_not(event) == "data.callConnectionId is missing");
}

TEST_CASE("callbacks without what they are about are refused") {
  const std::string whole = "data.sequenceNumber must be a whole number";
  CHECK(why_not(callback("ParticipantsUpdated", {{"participants", json::array()}})) == whole);
  CHECK(why_not(callback("ParticipantsUpdated", {{"sequenceNumber", -1}, {"participants", json::array()}})) == whole);
  CHECK(why_not(callback("ParticipantsUpdated", {{"sequenceNumber", 1.5}, {"participants", json::array()}})) == whole);
  CHECK(why_not(callback("ParticipantsUpdated", {{"sequenceNumber", 1}})) == "data.participants must be an array");

  const std::string tone = "data.tone must be the word of a tone";
  CHECK(why_not(callback("ContinuousDtmfRecognitionToneReceived")) == tone);
  CHECK(why_not(callback("ContinuousDtmfRecognitionToneReceived", {{"tone", "ten"}})) == tone);
  CHECK(why_not(callback("ContinuousDtmfRecognitionToneReceived", {{"tone", 1}})) == tone);

  CHECK(why_not(callback("RecordingStateChanged", {{"state", "active"}})) == "data.recordingId is missing");
  CHECK(why_not(callback("RecordingStateChanged", {{"recordingId", "r"}})) == "data.state must be active or inactive");
  CHECK(why_not(callback("RecordingStateChanged", {{"recordingId", "r"}, {"state", "paused"}})) ==
        "data.state must be active or inactive");
}

TEST_CASE("what is odd about the rest of a callback is left out, not the callback") {
  const json odd = {{"operationContext", 5},
                    {"resultInformation", "bad"},
                    {"participant", "4:+1"},
                    {"transferTarget", nullptr},
                    {"transferee", {{"x", 1}}},
                    {"invitationId", json::array()},
                    {"failedPlaySourceIndex", 1.5},
                    {"fromCall", 7},
                    {"dtmfResult", {{"tones", {"one", 2, "ten", "two"}}}},
                    {"choiceResult", 5},
                    {"speechResult", {{"speech", 1}, {"confidence", "x"}}},
                    {"mediaStreamingUpdate", 5},
                    {"transcriptionUpdate", json::array()},
                    {"recordingId", 9}};
  const auto data = [&](const char* name) { return occurrence(callback(name, odd)).data; };
  CHECK(data("CallTransferAccepted") == json{{"operation", "transfer"}});
  CHECK(data("AddParticipantSucceeded") == json{{"operation", "add-participant"}});
  CHECK(data("CancelAddParticipantSucceeded") == json{{"operation", "cancel-add-participant"}});
  CHECK(data("RecognizeCompleted") == json{{"operation", "recognize"}, {"tones", "12"}});
  CHECK(data("PlayFailed") == json{{"operation", "play"}, {"reason", "failed"}, {"message", ""}});
  CHECK(data("StartRecordingFailed") == json{{"operation", "recording"}, {"reason", "failed"}, {"message", ""}});
  CHECK(data("MediaStreamingStarted") == json{{"operation", "media-streaming"}});
  CHECK(data("TranscriptionStarted") == json{{"operation", "transcription"}});
  CHECK(data("CallDisconnected")["reason"] == "completed");
  CHECK(occurrence(callback("ContinuousDtmfRecognitionToneReceived", {{"tone", "Zero"}, {"sequenceId", "x"}})).data ==
        json{{"digit", "0"}, {"source", "continuous"}});
}

TEST_CASE("a roster keeps 500, those that can be named, and says how many it did not keep") {
  const json kept = occurrence(callback("ParticipantsUpdated", roster(350, phone))).data;
  CHECK(kept["participants"].size() == 350);
  CHECK_FALSE(kept.contains("participantsDropped"));
  CHECK(kept["participants"][0] ==
        json{{"id", "4:+16041000000"}, {"address", "+16041000000"}, {"muted", true}, {"onHold", false}});

  const json many = occurrence(callback("ParticipantsUpdated", roster(700, phone))).data;
  CHECK(many["participants"].size() == 500);
  CHECK(many["participantsDropped"] == 200);

  json strange = roster(3, phone);
  strange["participants"][1] = 5;
  const json named = occurrence(callback("ParticipantsUpdated", strange)).data;
  CHECK(named["participants"].size() == 2);
  CHECK(named["participantsDropped"] == 1);
}

TEST_CASE("a roster of long names stays an event's size") {
  const auto long_name = [](std::size_t number) {
    return json{{"rawId", "8:acs:" + std::to_string(number) + std::string(400, '"')}};
  };
  const json data = occurrence(callback("ParticipantsUpdated", roster(500, long_name))).data;
  CHECK(data.dump().size() < largest_event);
  CHECK(data["participants"].size() > 10);
  CHECK(data["participants"].size() + data["participantsDropped"].get<std::size_t>() == 500);
}

TEST_CASE("texts of any length make events of bounded size") {
  const std::string huge(200'000, '\x01');
  const json detail = {{"code", 1}, {"message", huge}};
  const json wire = {
      {"operationContext", huge},
      {"resultInformation",
       {{"code", 1}, {"subCode", 1}, {"message", huge}, {"sipDetails", detail}, {"q850Details", detail}}},
      {"recognitionType", huge},
      {"dtmfResult", {{"tones", std::vector<std::string>(5000, "one")}}},
      {"choiceResult", {{"label", huge}, {"recognizedPhrase", huge}}},
      {"speechResult", {{"speech", huge}}},
      {"invitationId", huge},
      {"fromCall", huge},
      {"mediaStreamingUpdate", {{"mediaStreamingStatus", huge}, {"mediaStreamingStatusDetails", huge}}},
      {"recordingKind", huge}};
  const auto data = [&](const char* name) {
    const Occurrence read = occurrence(callback(name, wire));
    CHECK(read.context.size() == 512);
    CHECK(read.data.dump().size() < largest_event);
    return read.data;
  };
  const json recognized = data("RecognizeCompleted");
  CHECK(recognized["tones"] == std::string(256, '1'));
  CHECK(recognized["speech"].get<std::string>().size() == 4096);
  CHECK(recognized["message"].get<std::string>().size() == 1024);
  CHECK(data("CallDisconnected")["message"].get<std::string>().size() == 1024);
  CHECK(data("MediaStreamingFailed")["status"].get<std::string>().size() == 64);
  CHECK(data("MoveParticipantFailed")["fromCall"].get<std::string>().size() == 256);
}
