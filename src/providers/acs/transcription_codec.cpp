#include <trunkline/providers/acs/transcription_codec.hpp>

#include <nlohmann/json.hpp>

namespace trunkline::providers::acs::carrier {
namespace {

using nlohmann::ordered_json;

// Invalid UTF-8 becomes U+FFFD.
void append(std::string& out, const ordered_json& message) {
  out += message.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

ordered_json text_or_null(const std::string& text) {
  return text.empty() ? ordered_json(nullptr) : ordered_json(text);
}

}  // namespace

void append_transcription_metadata(std::string& out, const TranscriptionStart& start) {
  const ordered_json body = {{"subscriptionId", start.subscription_id},
                             {"locale", start.locale},
                             {"callConnectionId", start.call_connection_id},
                             {"correlationId", start.correlation_id},
                             {"speechRecognitionModelEndpointId", nullptr}};
  append(out, {{"kind", "TranscriptionMetadata"}, {"transcriptionMetadata", body}});
}

void append_transcription_data(std::string& out, const TranscribedSegment& segment) {
  ordered_json words = ordered_json::array();
  for (const TranscribedWord& word : segment.words) {
    words.push_back({{"text", word.text}, {"offset", word.offset_ticks}, {"duration", word.duration_ticks}});
  }
  ordered_json body = {{"text", segment.text}, {"format", "display"}};
  if (segment.confidence) body["confidence"] = *segment.confidence;
  body["offset"] = segment.offset_ticks;
  body["duration"] = segment.duration_ticks;
  body["words"] = std::move(words);
  body["participantRawID"] = text_or_null(segment.participant);
  body["resultStatus"] = segment.final ? "Final" : "Intermediate";
  append(out, {{"kind", "TranscriptionData"}, {"transcriptionData", std::move(body)}});
}

}  // namespace trunkline::providers::acs::carrier
