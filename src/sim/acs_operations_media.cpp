#include "sim/acs_operations.hpp"

#include <trunkline/base/json.hpp>
#include <trunkline/base/text.hpp>

#include <algorithm>
#include <array>
#include <utility>

// What is heard in a call. What is played is over at once: nobody is there to hear it.
namespace trunkline::sim {
namespace {

namespace acs = providers::acs;
using nlohmann::json;

constexpr std::string_view key_characters = "0123456789abcd#*";
constexpr std::array<std::string_view, 16> tone_names = {"zero", "one",   "two",   "three",   "four", "five",
                                                         "six",  "seven", "eight", "nine",    "a",    "b",
                                                         "c",    "d",     "pound", "asterisk"};

void check_source(AcsFields& fields, const json& source) {
  AcsFields in(source);
  const std::string kind = in.word("kind", "file text ssml", "");
  if (!kind.empty()) {
    AcsFields inside(in.object(kind.c_str(), true));
    if (kind == "file") {
      inside.url("uri");
    } else {
      inside.text(kind == "text" ? "text" : "ssmlText");
    }
    fields.that(!inside.refusal(), "playSources", "has a " + kind + " without its content");
  }
  fields.that(!in.refusal(), "playSources", "has one that is neither file, text nor ssml");
}

json about(const AcsCorrelation& correlation, json more = json::object()) {
  more["operationContext"] = correlation.context;
  return more;
}

void stop_playing(AcsCalls& calls, AcsCall& call) {
  if (!std::exchange(call.plays_in_a_loop, false)) return;
  const std::string context = std::exchange(call.looping, {});
  calls.tell(call, "PlayCanceled",
             {{"operationContext", context.empty() ? json() : json(context)},
              {"resultInformation", acs_result(400, 8508, "Action failed, the operation was cancelled.")}});
}

AcsReply play(AcsCalls& calls, AcsCall& call, const json& body) {
  AcsFields fields(body);
  for (const json& source : fields.array("playSources", 1)) check_source(fields, source);
  fields.parties("playTo", 0);
  const bool interrupts = fields.flag("interruptCallMediaOperation");
  const bool loops = AcsFields(fields.object("playOptions")).flag("loop");
  const AcsCorrelation correlation = correlation_of(fields);
  if (auto wrong = fields.refusal()) return *wrong;
  if (interrupts) stop_playing(calls, call);
  calls.tell(call, "PlayStarted", about(correlation), correlation.callback_uri);
  if (loops) {
    call.plays_in_a_loop = true;
    call.looping = correlation.context.is_null() ? "" : correlation.context.get<std::string>();
  } else {
    calls.tell(call, "PlayCompleted", about(correlation), correlation.callback_uri);
  }
  return {202, ""};
}

json tones_of(std::string_view keys) {
  auto out = json::array();
  for (const char key : keys) {
    const auto at = key_characters.find(key);
    if (at != std::string_view::npos) out.push_back(tone_names.at(at));
  }
  return out;
}

// What the caller does when asked: enters the keys of the plan, says yes, or takes the first choice.
json recognised(const std::string& input, const json& options, const std::string& keys) {
  if (input == "choices") {
    const json& first = options.at("choices").front();
    const std::string label = text_of(first, "label");
    return {{"recognitionType", "choices"},
            {"choiceResult", {{"label", label}, {"recognizedPhrase", label}, {"confidence", 0.93}}},
            {"resultInformation", acs_result(200, 8545, "Action completed, speech option matched.")}};
  }
  if (input == "speech")
    return {{"recognitionType", "speech"}, {"speechResult", {{"speech", "yes"}, {"confidence", 0.91}}}};
  if (keys.empty()) {
    return {{"resultInformation", acs_result(400, 8510, "Action failed, initial silence timeout reached.")}};
  }
  return {{"recognitionType", "dtmf"},
          {"dtmfResult", {{"tones", tones_of(keys)}}},
          {"resultInformation", acs_result(200, 8531, "Action completed, max digits received.")}};
}

AcsReply recognize(AcsCalls& calls, AcsCall& call, const json& body) {
  AcsFields fields(body);
  const std::string input = fields.word("recognizeInputType", "dtmf speech speechOrDtmf choices", "");
  const json& options = fields.object("recognizeOptions", true);
  AcsFields in(options);
  in.party("targetParticipant");
  in.number("initialSilenceTimeoutInSeconds", 0, 300, 5);
  const json& dtmf = in.object("dtmfOptions");
  const auto most = AcsFields(dtmf).number("maxTonesToCollect", 1, 100, 100);
  in.array("choices", input == "choices" ? 1 : 0);
  if (const json& prompt = fields.object("playPrompt"); !prompt.empty()) check_source(fields, prompt);
  for (const json& prompt : fields.array("playPrompts", 0)) check_source(fields, prompt);
  const AcsCorrelation correlation = correlation_of(fields);
  if (auto wrong = fields.refusal()) return *wrong;
  if (auto wrong = in.refusal()) return *wrong;
  const json outcome = recognised(input, options, call.keys.substr(0, static_cast<std::size_t>(most)));
  calls.tell(call, outcome.contains("recognitionType") ? "RecognizeCompleted" : "RecognizeFailed",
             about(correlation, outcome), correlation.callback_uri);
  return {202, ""};
}

AcsReply cancel_all(AcsCalls& calls, AcsCall& call, const json&) {
  stop_playing(calls, call);
  return {202, ""};
}

AcsReply start_tones(AcsCalls&, AcsCall& call, const json& body) {
  AcsFields fields(body);
  fields.party("targetParticipant");
  correlation_of(fields);
  if (auto wrong = fields.refusal()) return *wrong;
  call.hears_tones = true;
  return {200, ""};
}

AcsReply stop_tones(AcsCalls& calls, AcsCall& call, const json& body) {
  AcsFields fields(body);
  fields.party("targetParticipant");
  const AcsCorrelation correlation = correlation_of(fields);
  if (auto wrong = fields.refusal()) return *wrong;
  if (std::exchange(call.hears_tones, false)) {
    calls.tell(call, "ContinuousDtmfRecognitionStopped", about(correlation), correlation.callback_uri);
  }
  return {200, ""};
}

AcsReply send_tones(AcsCalls& calls, AcsCall& call, const json& body) {
  AcsFields fields(body);
  fields.tones("tones", 1, 18);
  const auto target = fields.party("targetParticipant");
  fields.that(target.kind == acs::Identifier::Kind::phone, "targetParticipant", "is no telephone");
  const AcsCorrelation correlation = correlation_of(fields);
  if (auto wrong = fields.refusal()) return *wrong;
  calls.tell(call, "SendDtmfTonesCompleted", about(correlation), correlation.callback_uri);
  return with_context(202, correlation);
}

AcsReply set_hold(AcsCalls& calls, AcsCall& call, const json& body, bool on_hold) {
  AcsFields fields(body);
  const auto target = fields.party("targetParticipant");
  if (const json& music = fields.object("playSourceInfo"); !music.empty()) check_source(fields, music);
  correlation_of(fields);
  if (auto wrong = fields.refusal()) return *wrong;
  const auto found = std::ranges::find_if(call.participants, [&](const auto& one) { return one.identifier == target; });
  if (found == call.participants.end()) return acs_refusal(404, "8523", "Participant not found.");
  found->on_hold = on_hold;
  calls.tell_roster(call);
  return {200, ""};
}

AcsReply hold(AcsCalls& calls, AcsCall& call, const json& body) {
  return set_hold(calls, call, body, true);
}

AcsReply unhold(AcsCalls& calls, AcsCall& call, const json& body) {
  return set_hold(calls, call, body, false);
}

// Whoever plays the call sees what is wanted, and tells what came of it.
AcsReply set_wanted(const AcsCall& call, bool& wanted, bool set_up, bool start, const json& body) {
  AcsFields fields(body);
  correlation_of(fields);
  if (auto wrong = fields.refusal()) return *wrong;
  if (!set_up) return acs_refusal(405, "8522", "The call was set up without it.");
  if (wanted == start) return acs_refusal(405, "8520", "It is in that state already.");
  wanted = start;
  AcsCalls::changed(call);
  return {202, ""};
}

AcsReply start_media(AcsCalls&, AcsCall& call, const json& body) {
  return set_wanted(call, call.streaming, call.media.has_value(), true, body);
}

AcsReply stop_media(AcsCalls&, AcsCall& call, const json& body) {
  return set_wanted(call, call.streaming, call.media.has_value(), false, body);
}

AcsReply start_transcription(AcsCalls&, AcsCall& call, const json& body) {
  return set_wanted(call, call.transcribing, call.transcription.has_value(), true, body);
}

AcsReply stop_transcription(AcsCalls&, AcsCall& call, const json& body) {
  return set_wanted(call, call.transcribing, call.transcription.has_value(), false, body);
}

AcsReply update_transcription(AcsCalls& calls, AcsCall& call, const json& body) {
  AcsFields fields(body);
  const std::string locale = fields.text("locale");
  const AcsCorrelation correlation = correlation_of(fields);
  if (auto wrong = fields.refusal()) return *wrong;
  if (!call.transcription || !call.transcribing) return acs_refusal(405, "8520", "Nothing is transcribed.");
  call.transcription->locale = locale;
  calls.tell(call, "TranscriptionUpdated",
             about(correlation, {{"transcriptionUpdate",
                                  {{"transcriptionStatus", "transcriptionUpdated"},
                                   {"transcriptionStatusDetails", "transcriptionLocaleUpdated"}}}}),
             correlation.callback_uri);
  return {202, ""};
}

}  // namespace

AcsOperation find_media_operation(std::string_view action) {
  static constexpr std::array<std::pair<std::string_view, AcsOperation>, 13> operations = {{
      {":play", play},
      {":recognize", recognize},
      {":cancelAllMediaOperations", cancel_all},
      {":startContinuousDtmfRecognition", start_tones},
      {":stopContinuousDtmfRecognition", stop_tones},
      {":sendDtmfTones", send_tones},
      {":hold", hold},
      {":unhold", unhold},
      {":startMediaStreaming", start_media},
      {":stopMediaStreaming", stop_media},
      {":startTranscription", start_transcription},
      {":stopTranscription", stop_transcription},
      {":updateTranscription", update_transcription},
  }};
  for (const auto& [name, operation] : operations) {
    if (name == action) return operation;
  }
  return nullptr;
}

std::string_view acs_tone_name(char key) {
  const auto at = key_characters.find(text::lower({&key, 1}));
  return at == std::string_view::npos ? std::string_view() : tone_names.at(at);
}

}  // namespace trunkline::sim
