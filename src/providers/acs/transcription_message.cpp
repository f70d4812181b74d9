#include "providers/acs/transcription_message.hpp"

#include "providers/acs/socket_message.hpp"

#include <trunkline/base/text.hpp>

#include <algorithm>

namespace trunkline::providers::acs {
namespace {

using nlohmann::json;

constexpr std::size_t max_id_bytes = 128;
constexpr std::size_t max_text_bytes = 16 * 1024;
constexpr std::size_t max_word_bytes = 256;
constexpr std::size_t max_words = 1024;

// At most `most` bytes, whole characters.
std::string cut(const std::string& text, std::size_t most) {
  std::size_t size = std::min(text.size(), most);
  const auto is_continuation = [&](std::size_t at) { return (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80; };
  while (size < text.size() && size > 0 && is_continuation(size)) --size;
  return text.substr(0, size);
}

// 0 when absent, nothing when it is no count of ticks.
std::optional<std::int64_t> duration_of(const json& object) {
  return member(object, "duration") == nullptr ? std::optional<std::int64_t>(0) : integer_member(object, "duration");
}

std::vector<TranscribedWord> read_words(const json& body) {
  std::vector<TranscribedWord> words;
  const json* given = member(body, "words");
  if (given == nullptr || !given->is_array()) return words;
  for (const json& word : *given) {
    if (words.size() == max_words) break;
    const std::string* text = text_member(word, "text");
    const auto offset = integer_member(word, "offset");
    const auto duration = duration_of(word);
    if (text != nullptr && offset && duration) words.push_back({cut(*text, max_word_bytes), *offset, *duration});
  }
  return words;
}

std::optional<bool> read_final(const json& body) {
  const std::string* status = text_member(body, "resultStatus");
  if (status == nullptr) return std::nullopt;
  if (text::iequals(*status, "Final")) return true;
  if (text::iequals(*status, "Intermediate")) return false;
  return std::nullopt;
}

std::optional<double> read_confidence(const json& body) {
  const json* value = member(body, "confidence");
  if (value == nullptr || !value->is_number()) return std::nullopt;
  const auto confidence = value->get<double>();
  return confidence >= 0 && confidence <= 1 ? std::optional(confidence) : std::nullopt;
}

}  // namespace

std::optional<TranscriptionStart> read_transcription_metadata(const json& message) {
  const json* body = object_member(message, "transcriptionMetadata");
  if (body == nullptr) return std::nullopt;
  TranscriptionStart start;
  const auto take = [body](const char* name, std::string& to) {
    const auto text = short_text(*body, name, max_id_bytes);
    to = text.value_or(std::string_view{});
    return text.has_value();
  };
  const bool fits = take("subscriptionId", start.subscription_id) && take("locale", start.locale) &&
                    take("callConnectionId", start.call_connection_id) && take("correlationId", start.correlation_id);
  return fits ? std::optional(std::move(start)) : std::nullopt;
}

std::optional<TranscribedSegment> read_transcription_data(const json& message) {
  const json* body = object_member(message, "transcriptionData");
  if (body == nullptr) return std::nullopt;
  const std::string* text = text_member(*body, "text");
  const auto offset = integer_member(*body, "offset");
  const auto duration = duration_of(*body);
  const auto participant = short_text(*body, "participantRawID", max_raw_id_bytes);
  const auto final = read_final(*body);
  if (text == nullptr || !offset || !duration || !participant || !final) return std::nullopt;
  return TranscribedSegment{
      cut(*text, max_text_bytes), read_confidence(*body), *offset, *duration, std::string(*participant), *final,
      read_words(*body)};
}

}  // namespace trunkline::providers::acs
