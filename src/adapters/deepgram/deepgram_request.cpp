#include <trunkline/adapters/deepgram_machine.hpp>
#include <trunkline/base/text.hpp>

namespace trunkline::adapters {

std::string deepgram_target(const DeepgramStream& stream) {
  std::string target = "/v1/listen?encoding=";
  target += stream.format.encoding == media::Encoding::mulaw ? "mulaw" : "linear16";
  target += "&sample_rate=" + std::to_string(stream.format.sample_rate) + "&channels=1";
  target += "&model=" + text::percent_encode(stream.model);
  target += "&language=" + text::percent_encode(stream.language);
  target += "&interim_results=true&punctuate=true&smart_format=true";
  target += "&endpointing=300&utterance_end_ms=1000&vad_events=true";
  return target;
}

std::string deepgram_authorization(std::string_view api_key) {
  return "Token " + std::string(api_key);
}

}  // namespace trunkline::adapters
