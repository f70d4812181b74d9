#include "providers/acs/request_body.hpp"

#include <trunkline/base/phone.hpp>
#include <trunkline/base/text.hpp>

#include <array>

namespace trunkline::providers::acs::requests {
namespace {

constexpr std::size_t max_sources = 10;
constexpr std::size_t max_headers = 50;
constexpr std::size_t max_spoken = 32 * 1024;

constexpr std::string_view tone_characters = "0123456789abcd#*";
constexpr std::array<std::string_view, 16> tone_names = {"zero", "one",   "two",   "three",   "four", "five",
                                                         "six",  "seven", "eight", "nine",    "a",    "b",
                                                         "c",    "d",     "pound", "asterisk"};

bool has_controls(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < ' ' && c != '\n' && c != '\r' && c != '\t') return true;
  }
  return false;
}

nlohmann::json wire_of(const MediaStreaming& streaming) {
  return {{"transportType", "websocket"},
          {"transportUrl", streaming.url},
          {"contentType", "audio"},
          {"audioChannelType", streaming.unmixed ? "unmixed" : "mixed"},
          {"startMediaStreaming", streaming.start},
          {"enableBidirectional", streaming.bidirectional},
          {"audioFormat", streaming.wideband ? "pcm24KMono" : "pcm16KMono"},
          {"enableDtmfTones", streaming.dtmf}};
}

nlohmann::json wire_of(const TranscriptionSetup& transcription, std::string_view api_version) {
  nlohmann::json out = {{"transportType", "websocket"},
                        {"transportUrl", transcription.url},
                        {"locale", transcription.locale},
                        {"startTranscription", transcription.start},
                        {"enableIntermediateResults", transcription.intermediate_results}};
  put(out, "speechModelEndpointId", transcription.speech_model);
  if (api_version < "2026-03-12") {
    // That version's definitions have the fields above, its examples these two. What is foreign is passed over there.
    out["kind"] = "websocket";
    put(out, "speechRecognitionModelEndpointId", transcription.speech_model);
  }
  return out;
}

}  // namespace

void Check::needed(std::string_view field, std::string_view value, std::size_t max) {
  that(!value.empty(), field, "is missing");
  text(field, value, max);
}

void Check::text(std::string_view field, std::string_view value, std::size_t max) {
  that(value.size() <= max, field, "is longer than " + std::to_string(max) + " bytes");
  that(!has_controls(value), field, "has control characters");
}

void Check::range(std::string_view field, const std::optional<std::int64_t>& value, std::int64_t min,
                  std::int64_t max) {
  if (!value) return;
  that(*value >= min && *value <= max, field, "must be " + std::to_string(min) + " to " + std::to_string(max));
}

void Check::party(std::string_view field, const Identifier& identifier) {
  needed(field, identifier.raw_id, 512);
}

void Check::parties(std::string_view field, const std::vector<Identifier>& identifiers, std::size_t min) {
  that(identifiers.size() >= min, field, "names nobody");
  that(identifiers.size() <= max_participants, field, "names more than a call can hold");
  for (const Identifier& identifier : identifiers) party(field, identifier);
}

void Check::caller_id(const std::string& number, bool needed) {
  that(!needed || !number.empty(), "sourceCallerIdNumber", "is missing, and a telephone is to be called");
  that(number.empty() || phone::is_e164(number), "sourceCallerIdNumber", "is not a number like +14155550100");
}

void Check::tones(std::string_view field, std::string_view tones, std::size_t min, std::size_t max) {
  that(tones.size() >= min, field, "is missing");
  that(tones.size() <= max, field, "has more than " + std::to_string(max) + " tones");
  for (const char tone : tones) that(!tone_name(tone).empty(), field, "may have 0 to 9, A to D, # and *");
}

void Check::correlation(const Correlation& correlation) {
  text("operationContext", correlation.operation_context);
  text("operationCallbackUri", correlation.callback_uri);
}

void Check::setup(const Setup& setup) {
  needed("callbackUri", setup.callback_uri);
  text("operationContext", setup.operation_context);
  text("cognitiveServicesEndpoint", setup.cognitive_services_endpoint);
  if (setup.media_streaming) needed("mediaStreamingOptions.transportUrl", setup.media_streaming->url);
  if (!setup.transcription) return;
  needed("transcriptionOptions.transportUrl", setup.transcription->url);
  needed("transcriptionOptions.locale", setup.transcription->locale, 64);
  text("transcriptionOptions.speechModelEndpointId", setup.transcription->speech_model, 512);
  that(!setup.cognitive_services_endpoint.empty(), "cognitiveServicesEndpoint",
       "is missing, and transcription needs it");
}

void Check::custom_context(const CustomContext& context) {
  for (const auto* headers : {&context.sip_headers, &context.voip_headers}) {
    that(headers->size() <= max_headers, "customCallingContext", "has too many headers");
    for (const auto& [name, value] : *headers) {
      needed("customCallingContext", name, 128);
      text("customCallingContext", value, 1'024);
      that((name + value).find_first_of("\r\n") == std::string::npos, "customCallingContext", "has a line break");
    }
  }
}

void Check::source(std::string_view field, const PlaySource& source) {
  needed(field, source.content, source.kind == PlaySource::Kind::file ? 2'048 : max_spoken);
  for (const std::string* part : {&source.cache_id, &source.locale, &source.voice, &source.custom_voice_endpoint}) {
    text(field, *part, 512);
  }
  that(source.voice_kind.empty() || source.voice_kind == "male" || source.voice_kind == "female", field,
       "has a voiceKind that is neither male nor female");
}

void Check::sources(std::string_view field, const std::vector<PlaySource>& sources, std::size_t min) {
  that(sources.size() >= min, field, "is missing");
  that(sources.size() <= max_sources, field, "has more than " + std::to_string(max_sources) + " parts");
  for (const PlaySource& one : sources) source(field, one);
}

void Check::locator(const Locator& locator) {
  needed("callLocator", locator.id);
}

void put(nlohmann::json& object, const char* name, const std::string& value) {
  if (!value.empty()) object[name] = value;
}

void put(nlohmann::json& object, const char* name, const std::optional<std::int64_t>& value) {
  if (value) object[name] = *value;
}

void put(nlohmann::json& object, const char* name, const std::vector<Identifier>& identifiers) {
  if (identifiers.empty()) return;
  nlohmann::json& list = object[name] = nlohmann::json::array();
  for (const Identifier& identifier : identifiers) list.push_back(to_wire(identifier));
}

void put_wrapped(nlohmann::json& object, const char* name, const char* key, const std::string& value) {
  if (!value.empty()) object[name][key] = value;
}

void put(nlohmann::json& object, const Correlation& correlation) {
  put(object, "operationContext", correlation.operation_context);
  put(object, "operationCallbackUri", correlation.callback_uri);
}

void put(nlohmann::json& object, const CustomContext& context) {
  if (!context.sip_headers.empty()) object["customCallingContext"]["sipHeaders"] = context.sip_headers;
  if (!context.voip_headers.empty()) object["customCallingContext"]["voipHeaders"] = context.voip_headers;
}

void put(nlohmann::json& object, const Setup& setup, std::string_view api_version) {
  object["callbackUri"] = setup.callback_uri;
  put(object, "operationContext", setup.operation_context);
  put_wrapped(object, "callIntelligenceOptions", "cognitiveServicesEndpoint", setup.cognitive_services_endpoint);
  if (setup.media_streaming) object["mediaStreamingOptions"] = wire_of(*setup.media_streaming);
  if (setup.transcription) object["transcriptionOptions"] = wire_of(*setup.transcription, api_version);
}

nlohmann::json wire_of(const Locator& locator) {
  switch (locator.kind) {
    case Locator::Kind::group_call:
      return {{"kind", "groupCallLocator"}, {"groupCallId", locator.id}};
    case Locator::Kind::room:
      return {{"kind", "roomCallLocator"}, {"roomId", locator.id}};
    case Locator::Kind::server_call:
      break;
  }
  return {{"kind", "serverCallLocator"}, {"serverCallId", locator.id}};
}

nlohmann::json wire_of(const PlaySource& source) {
  nlohmann::json out;
  put(out, "playSourceCacheId", source.cache_id);
  if (source.kind == PlaySource::Kind::file) {
    out["kind"] = "file";
    out["file"]["uri"] = source.content;
    return out;
  }
  const bool plain = source.kind == PlaySource::Kind::text;
  const char* kind = plain ? "text" : "ssml";
  out["kind"] = kind;
  nlohmann::json& speech = out[kind];
  speech[plain ? "text" : "ssmlText"] = source.content;
  put(speech, "customVoiceEndpointId", source.custom_voice_endpoint);
  if (!plain) return out;
  put(speech, "sourceLocale", source.locale);
  put(speech, "voiceName", source.voice);
  put(speech, "voiceKind", source.voice_kind);
  return out;
}

std::string_view tone_name(char tone) {
  const char low = tone >= 'A' && tone <= 'D' ? static_cast<char>(tone - 'A' + 'a') : tone;
  const auto at = tone_characters.find(low);
  return at == std::string_view::npos ? std::string_view() : tone_names.at(at);
}

nlohmann::json wire_of_tones(std::string_view tones) {
  auto out = nlohmann::json::array();
  for (const char tone : tones) out.push_back(std::string(tone_name(tone)));
  return out;
}

std::string call_target(const std::string& call, std::string_view rest, std::string_view api_version) {
  std::string target = "/calling/callConnections/" + text::percent_encode(call);
  return target.append(rest).append("?api-version=").append(api_version);
}

HttpCall make_call(std::string_view operation, std::string method, std::string target, Repeat repeat, int expected) {
  return {operation, std::move(method), std::move(target), "", repeat, {expected}};
}

HttpCall make_call(std::string_view operation, std::string target, const nlohmann::json& body, Repeat repeat,
                   int expected) {
  HttpCall call = make_call(operation, "POST", std::move(target), repeat, expected);
  // What is not UTF-8 becomes U+FFFD: the service would refuse it, and dumping it would throw.
  call.body = body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return call;
}

}  // namespace trunkline::providers::acs::requests
