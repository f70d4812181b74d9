#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// The messages of Azure Communication Services' own transcription: JSON texts over a WebSocket of its own. Offsets and
/// durations are ticks of 100 ns; what an offset counts from is not documented.
namespace trunkline::providers::acs {

/// What TranscriptionMetadata says. What was not given is empty.
struct TranscriptionStart {
  std::string subscription_id;
  std::string locale;  ///< BCP 47
  std::string call_connection_id;
  std::string correlation_id;
  friend bool operator==(const TranscriptionStart&, const TranscriptionStart&) = default;
};

struct TranscribedWord {
  std::string text;  ///< at most 256 bytes
  std::int64_t offset_ticks = 0;
  std::int64_t duration_ticks = 0;  ///< 0 when not said
  friend bool operator==(const TranscribedWord&, const TranscribedWord&) = default;
};

/// A stretch of one participant's speech in words.
struct TranscribedSegment {
  std::string text;                  ///< UTF-8, at most 16 KiB
  std::optional<double> confidence;  ///< 0 to 1
  std::int64_t offset_ticks = 0;
  std::int64_t duration_ticks = 0;  ///< 0 when not said
  std::string participant;          ///< raw id; empty when not said
  bool final = true;                ///< an intermediate segment is replaced by the next one of its participant
  std::vector<TranscribedWord> words;
  friend bool operator==(const TranscribedSegment&, const TranscribedSegment&) = default;
};

/// The service's side, as our simulator plays it: each appends one message to `out`.
namespace carrier {

void append_transcription_metadata(std::string& out, const TranscriptionStart& start);
void append_transcription_data(std::string& out, const TranscribedSegment& segment);

}  // namespace carrier
}  // namespace trunkline::providers::acs
