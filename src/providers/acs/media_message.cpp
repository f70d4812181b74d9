#include "providers/acs/media_message.hpp"

#include "providers/acs/socket_message.hpp"

#include <trunkline/base/text.hpp>

namespace trunkline::providers::acs {
namespace {

using nlohmann::json;

media::Format read_format(const json& metadata) {
  const std::string* encoding = text_member(metadata, "encoding");
  const auto rate = integer_member(metadata, "sampleRate").value_or(0);
  const bool is_mono = member(metadata, "channels") == nullptr || integer_member(metadata, "channels") == 1;
  const bool is_known = encoding != nullptr && text::iequals(*encoding, "PCM") && is_mono;
  return {media::Encoding::pcm16,
          is_known && (rate == 16'000 || rate == 24'000) ? static_cast<std::uint32_t>(rate) : 0};
}

std::size_t read_frame_bytes(const json& metadata, const media::Format& format) {
  const auto length = static_cast<std::size_t>(integer_member(metadata, "length").value_or(0));
  const bool fits = length > 0 && length <= bytes_of(format, 1'000) && length % format.sample_bytes() == 0;
  return fits ? length : bytes_of(format, 20);
}

// A time that is no text is as good as none.
std::optional<std::int64_t> timestamp_of(const json& body) {
  const std::string* timestamp = text_member(body, "timestamp");
  return timestamp == nullptr ? std::nullopt : read_timestamp(*timestamp);
}

}  // namespace

std::optional<StreamStart> read_metadata(const json& message) {
  const json* body = object_member(message, "audioMetadata");
  const std::string* id = body == nullptr ? nullptr : text_member(*body, "subscriptionId");
  if (id == nullptr || !is_subscription_id(*id)) return std::nullopt;
  StreamStart start;
  start.subscription_id = *id;
  start.format = read_format(*body);
  start.frame_bytes = read_frame_bytes(*body, start.format);
  return start;
}

std::optional<AudioFields> read_audio(const json& message) {
  const json* body = object_member(message, "audioData");
  const std::string* data = body == nullptr ? nullptr : text_member(*body, "data");
  if (data == nullptr) return std::nullopt;
  const auto participant = short_text(*body, "participantRawID", max_raw_id_bytes);
  const json* silent = member(*body, "silent");
  if (!participant || (silent != nullptr && !silent->is_boolean())) return std::nullopt;
  return AudioFields{timestamp_of(*body), *participant, *data, silent != nullptr && silent->get<bool>()};
}

std::optional<DtmfFields> read_dtmf(const json& message) {
  const json* body = object_member(message, "dtmfData");
  const std::string* tone = body == nullptr ? nullptr : text_member(*body, "data");
  const auto digit = tone == nullptr ? std::nullopt : parse_tone(*tone);
  if (!digit) return std::nullopt;
  const auto participant = short_text(*body, "participantRawID", max_raw_id_bytes);
  if (!participant) return std::nullopt;
  return DtmfFields{*digit, timestamp_of(*body), *participant};
}

std::optional<char> parse_tone(std::string_view tone) {
  struct Tone {
    std::string_view word;
    std::string_view key;
  };
  static constexpr Tone tones[] = {{"zero", "0"},  {"one", "1"},  {"two", "2"},   {"three", "3"},
                                   {"four", "4"},  {"five", "5"}, {"six", "6"},   {"seven", "7"},
                                   {"eight", "8"}, {"nine", "9"}, {"pound", "#"}, {"asterisk", "*"},
                                   {"a", "A"},     {"b", "B"},    {"c", "C"},     {"d", "D"}};
  for (const auto& [word, key] : tones) {
    if (tone == key || text::iequals(tone, word)) return key[0];
  }
  return std::nullopt;
}

}  // namespace trunkline::providers::acs
