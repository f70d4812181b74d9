#pragma once

#include <trunkline/base/offload.hpp>
#include <trunkline/base/result.hpp>
#include <trunkline/media/frame.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace trunkline::speech {

/// Text-to-speech behind one port. Errors: `unsupported` (voice), `text_too_long`, `overloaded`, `engine_failed`.
class Synthesizer {
 public:
  virtual ~Synthesizer() = default;
  /// The spoken text as raw audio in `format`; the engine runs off the calling loop.
  virtual asio::awaitable<Result<std::vector<std::uint8_t>>> speak(std::string text, media::Format format) = 0;
};

}  // namespace trunkline::speech
