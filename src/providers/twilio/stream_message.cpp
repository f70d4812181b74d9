#include "providers/twilio/stream_message.hpp"

#include <trunkline/base/text.hpp>

namespace trunkline::providers::twilio {
namespace {

using nlohmann::json;

media::Format read_format(const json& start) {
  const auto at = start.find("mediaFormat");
  if (at == start.end()) return {};
  const std::string* encoding = string_at(*at, "encoding");
  const bool is_known = encoding != nullptr && *encoding == "audio/x-mulaw" && number_at(*at, "sampleRate") == 8000 &&
                        number_at(*at, "channels").value_or(1) == 1;
  return {media::Encoding::mulaw, is_known ? 8000U : 0U};
}

std::vector<media::Track> read_tracks(const json& start) {
  std::vector<media::Track> tracks;
  const auto at = start.find("tracks");
  if (at == start.end() || !at->is_array()) return tracks;
  for (const json& name : *at) {
    const auto* text = name.get_ptr<const std::string*>();
    if (const auto track = text == nullptr ? std::nullopt : parse_track(*text)) tracks.push_back(*track);
  }
  return tracks;
}

// Twilio takes 99 parameters of 500 characters, name and value together. What is no text or goes beyond
// that is left out: these come from whoever opened the socket, before any token was checked.
constexpr std::size_t max_parameters = 99;
constexpr std::size_t max_parameter_bytes = 2048;

std::map<std::string, std::string> read_parameters(const json& start) {
  std::map<std::string, std::string> parameters;
  const json* given = object_at(start, "customParameters");
  if (given == nullptr) return parameters;
  for (const auto& [name, value] : given->items()) {
    if (parameters.size() == max_parameters) break;
    const auto* text = value.get_ptr<const std::string*>();
    if (text != nullptr && name.size() + text->size() <= max_parameter_bytes) parameters.emplace(name, *text);
  }
  return parameters;
}

std::string text_at(const json& object, const char* key) {
  const std::string* text = string_at(object, key);
  return text == nullptr ? std::string{} : *text;
}

}  // namespace

const std::string* string_at(const json& object, const char* key) {
  const auto at = object.find(key);
  return at == object.end() ? nullptr : at->get_ptr<const std::string*>();
}

const json* object_at(const json& object, const char* key) {
  const auto at = object.find(key);
  return at == object.end() || !at->is_object() ? nullptr : &*at;
}

std::optional<std::uint64_t> number_at(const json& object, const char* key) {
  const auto at = object.find(key);
  if (at == object.end()) return std::nullopt;
  if (at->is_number_unsigned()) return at->get<std::uint64_t>();
  const auto* text = at->get_ptr<const std::string*>();
  return text == nullptr ? std::nullopt : text::to_uint(*text);
}

std::optional<MediaFields> read_media(const json& message) {
  const json* body = object_at(message, "media");
  if (body == nullptr) return std::nullopt;
  const std::string* track = string_at(*body, "track");
  const std::string* payload = string_at(*body, "payload");
  const auto timestamp = number_at(*body, "timestamp");
  if (track == nullptr || payload == nullptr || !timestamp) return std::nullopt;
  const auto known_track = parse_track(*track);
  if (!known_track || *timestamp > max_timestamp_ms) return std::nullopt;
  return MediaFields{*known_track, number_at(message, "sequenceNumber").value_or(0),
                     number_at(*body, "chunk").value_or(0), static_cast<std::int64_t>(*timestamp), *payload};
}

std::optional<StreamStart> read_start(const json& message) {
  const json* body = object_at(message, "start");
  if (body == nullptr) return std::nullopt;
  StreamStart out;
  out.stream_sid = text_at(*body, "streamSid");
  if (const std::string* outer = string_at(message, "streamSid")) {
    if (out.stream_sid.empty()) out.stream_sid = *outer;
    if (out.stream_sid != *outer) return std::nullopt;
  }
  out.account_sid = text_at(*body, "accountSid");
  out.call_sid = text_at(*body, "callSid");
  if (!is_stream_id(out.stream_sid) || !is_stream_id(out.call_sid)) return std::nullopt;
  out.tracks = read_tracks(*body);
  out.format = read_format(*body);
  out.parameters = read_parameters(*body);
  return out;
}

}  // namespace trunkline::providers::twilio
