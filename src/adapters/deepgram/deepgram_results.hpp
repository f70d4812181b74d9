#pragma once

#include <string>
#include <string_view>

namespace trunkline::adapters {

/// One message of Deepgram's live API, as far as it matters here. Times are seconds of audio on its connection.
struct DeepgramMessage {
  enum class Type {
    results,
    utterance_end,
    other,      ///< Metadata, SpeechStarted, Error and what is yet to come
    malformed,  ///< not JSON, or results without their parts
  };
  Type type = Type::malformed;
  bool is_final = false;
  bool speech_final = false;
  bool from_finalize = false;
  std::string transcript;
  std::size_t words = 0;
  double confidence = 0;
  double start = 0;
  double end = 0;
};

/// Lenient: unknown fields are skipped and absent flags are false.
DeepgramMessage parse_deepgram_message(std::string_view text);

}  // namespace trunkline::adapters
