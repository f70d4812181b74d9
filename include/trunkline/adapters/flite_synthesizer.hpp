#pragma once

#include <trunkline/base/result.hpp>
#include <trunkline/speech/synthesizer.hpp>

#include <memory>
#include <string>

namespace trunkline::adapters {

struct FliteOptions {
  std::string voice = "slt";  ///< slt or rms
  std::size_t cache_bytes = 4 * 1024 * 1024;
  std::size_t queue_limit = 64;  ///< texts that may wait for the engine
};

/// Text-to-speech without network or account. Speaks US English on a thread of its own (flite is not thread-safe); a
/// second of speech costs about 11 ms. Formats: mu-law at 8 kHz, PCM at 8, 16 or 24 kHz. Up to 4096 bytes of text.
/// What was spoken lately is kept, so that a route's greeting is made once. Error `unsupported`: no such voice.
/// Must outlive the coroutines that speak.
Result<std::unique_ptr<speech::Synthesizer>> make_flite_synthesizer(const FliteOptions& options);

}  // namespace trunkline::adapters
