#include "providers/acs/request_body.hpp"

#include <utility>

// What is heard in a call.
namespace trunkline::providers::acs::requests {
namespace {

using nlohmann::json;

constexpr std::size_t max_sent_tones = 18;
constexpr std::size_t max_choices = 50;
constexpr std::size_t max_phrases = 50;

json wire_of_all(const std::vector<PlaySource>& sources) {
  auto out = json::array();
  for (const PlaySource& source : sources) out.push_back(wire_of(source));
  return out;
}

const char* name_of(Recognize::Input input) {
  switch (input) {
    case Recognize::Input::speech:
      return "speech";
    case Recognize::Input::speech_or_dtmf:
      return "speechOrDtmf";
    case Recognize::Input::choices:
      return "choices";
    case Recognize::Input::dtmf:
      break;
  }
  return "dtmf";
}

void check_choices(Check& check, const Recognize& request) {
  const bool chosen = request.input == Recognize::Input::choices;
  check.that(chosen != request.choices.empty(), "choices", chosen ? "is missing" : "needs the input choices");
  check.that(request.choices.size() <= max_choices, "choices", "has too many entries");
  for (const Choice& choice : request.choices) {
    check.needed("choices.label", choice.label, 256);
    check.that(!choice.phrases.empty(), "choices.phrases", "is missing");
    check.that(choice.phrases.size() <= max_phrases, "choices.phrases", "has too many entries");
    for (const std::string& phrase : choice.phrases) check.needed("choices.phrases", phrase, 512);
    if (choice.tone != '\0') check.tones("choices.tone", {&choice.tone, 1}, 1, 1);
  }
}

void check_recognize(Check& check, const Recognize& request) {
  check.needed("callConnectionId", request.call, 512);
  check.party("targetParticipant", request.target);
  check.sources("playPrompts", request.prompts, 0);
  check.range("initialSilenceTimeoutInSeconds", request.initial_silence_s, 0, 300);
  check.range("interToneTimeoutInSeconds", request.between_tones_s, 1, 60);
  check.range("maxTonesToCollect", request.max_tones, 1, 100);
  check.tones("stopTones", request.stop_tones, 0, 16);
  check.range("endSilenceTimeoutInMs", request.end_silence_ms, 0, 300'000);
  check.text("speechLanguage", request.locale, 64);
  check.text("speechRecognitionModelEndpointId", request.speech_model, 512);
  check_choices(check, request);
  check.correlation(request.correlation);
}

json options_of(const Recognize& request) {
  json options = {{"targetParticipant", to_wire(request.target)}, {"interruptPrompt", request.interrupt_prompt}};
  put(options, "initialSilenceTimeoutInSeconds", request.initial_silence_s);
  put(options, "speechLanguage", request.locale);
  put(options, "speechRecognitionModelEndpointId", request.speech_model);
  json dtmf = json::object();
  put(dtmf, "interToneTimeoutInSeconds", request.between_tones_s);
  put(dtmf, "maxTonesToCollect", request.max_tones);
  if (!request.stop_tones.empty()) dtmf["stopTones"] = wire_of_tones(request.stop_tones);
  const bool takes_tones = request.input == Recognize::Input::dtmf || request.input == Recognize::Input::speech_or_dtmf;
  if (takes_tones || !dtmf.empty()) options["dtmfOptions"] = std::move(dtmf);
  if (request.end_silence_ms) options["speechOptions"]["endSilenceTimeoutInMs"] = *request.end_silence_ms;
  for (const Choice& choice : request.choices) {
    json one = {{"label", choice.label}, {"phrases", choice.phrases}};
    if (choice.tone != '\0') one["tone"] = std::string(tone_name(choice.tone));
    options["choices"].push_back(std::move(one));
  }
  return options;
}

}  // namespace

Result<HttpCall> to_http(const Play& request, std::string_view api_version) {
  Check check;
  check.needed("callConnectionId", request.call, 512);
  check.sources("playSources", request.sources, 1);
  check.parties("playTo", request.to, 0);
  check.correlation(request.correlation);
  json body = {{"playSources", wire_of_all(request.sources)}};
  put(body, "playTo", request.to);
  if (request.loop) body["playOptions"]["loop"] = true;
  if (request.interrupt) body["interruptCallMediaOperation"] = true;
  put(body, request.correlation);
  return unless_wrong(check,
                      make_call("play", call_target(request.call, ":play", api_version), body, Repeat::once, 202));
}

Result<HttpCall> to_http(const Recognize& request, std::string_view api_version) {
  Check check;
  check_recognize(check, request);
  json body = {{"recognizeInputType", name_of(request.input)}, {"recognizeOptions", options_of(request)}};
  if (request.prompts.size() == 1) {
    body["playPrompt"] = wire_of(request.prompts.front());
  } else if (!request.prompts.empty()) {
    body["playPrompts"] = wire_of_all(request.prompts);
  }
  if (request.interrupt) body["interruptCallMediaOperation"] = true;
  put(body, request.correlation);
  return unless_wrong(
      check, make_call("recognize", call_target(request.call, ":recognize", api_version), body, Repeat::once, 202));
}

Result<HttpCall> to_http(const CancelMedia& request, std::string_view api_version) {
  Check check;
  check.needed("callConnectionId", request.call, 512);
  return unless_wrong(
      check, make_call("cancel media", "POST", call_target(request.call, ":cancelAllMediaOperations", api_version),
                       Repeat::once, 202));
}

Result<HttpCall> to_http(const ContinuousDtmf& request, std::string_view api_version) {
  Check check;
  check.needed("callConnectionId", request.call, 512);
  check.party("targetParticipant", request.target);
  check.correlation(request.correlation);
  json body = {{"targetParticipant", to_wire(request.target)}};
  put(body, request.correlation);
  const char* action = request.start ? ":startContinuousDtmfRecognition" : ":stopContinuousDtmfRecognition";
  return unless_wrong(check, make_call(request.start ? "start continuous DTMF" : "stop continuous DTMF",
                                       call_target(request.call, action, api_version), body, Repeat::safe, 200));
}

Result<HttpCall> to_http(const SendDtmf& request, std::string_view api_version) {
  Check check;
  check.needed("callConnectionId", request.call, 512);
  check.tones("tones", request.tones, 1, max_sent_tones);
  check.party("targetParticipant", request.target);
  check.correlation(request.correlation);
  json body = {{"tones", wire_of_tones(request.tones)}, {"targetParticipant", to_wire(request.target)}};
  put(body, request.correlation);
  return unless_wrong(check, make_call("send DTMF", call_target(request.call, ":sendDtmfTones", api_version), body,
                                       Repeat::keyed, 202));
}

Result<HttpCall> to_http(const Hold& request, std::string_view api_version) {
  Check check;
  check.needed("callConnectionId", request.call, 512);
  check.party("targetParticipant", request.target);
  if (request.music) check.source("playSourceInfo", *request.music);
  check.correlation(request.correlation);
  json body = {{"targetParticipant", to_wire(request.target)}};
  if (request.music) body["playSourceInfo"] = wire_of(*request.music);
  put(body, request.correlation);
  return unless_wrong(check,
                      make_call("hold", call_target(request.call, ":hold", api_version), body, Repeat::safe, 200));
}

Result<HttpCall> to_http(const Unhold& request, std::string_view api_version) {
  Check check;
  check.needed("callConnectionId", request.call, 512);
  check.party("targetParticipant", request.target);
  check.correlation(request.correlation);
  json body = {{"targetParticipant", to_wire(request.target)}};
  put(body, request.correlation);
  return unless_wrong(check,
                      make_call("unhold", call_target(request.call, ":unhold", api_version), body, Repeat::safe, 200));
}

Result<HttpCall> to_http(const StreamMedia& request, std::string_view api_version) {
  Check check;
  check.needed("callConnectionId", request.call, 512);
  check.correlation(request.correlation);
  json body = json::object();
  put(body, request.correlation);
  const char* action = request.start ? ":startMediaStreaming" : ":stopMediaStreaming";
  return unless_wrong(check, make_call(request.start ? "start media streaming" : "stop media streaming",
                                       call_target(request.call, action, api_version), body, Repeat::once, 202));
}

Result<HttpCall> to_http(const Transcribe& request, std::string_view api_version) {
  using Action = Transcribe::Action;
  Check check;
  check.needed("callConnectionId", request.call, 512);
  check.text("locale", request.locale, 64);
  check.that(request.action != Action::update || !request.locale.empty(), "locale", "is missing");
  check.text("speechModelEndpointId", request.speech_model, 512);
  check.correlation(request.correlation);
  json body = json::object();
  if (request.action != Action::stop) {
    put(body, "locale", request.locale);
    put(body, "speechModelEndpointId", request.speech_model);
  }
  put(body, request.correlation);
  const auto [operation, action] =
      request.action == Action::start    ? std::pair("start transcription", ":startTranscription")
      : request.action == Action::update ? std::pair("update transcription", ":updateTranscription")
                                         : std::pair("stop transcription", ":stopTranscription");
  return unless_wrong(check,
                      make_call(operation, call_target(request.call, action, api_version), body, Repeat::once, 202));
}

}  // namespace trunkline::providers::acs::requests
