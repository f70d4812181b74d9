#pragma once

#include <trunkline/base/result.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace trunkline::adapters {

/// What a caller says and when, as 16-bit samples.
struct SampleCall {
  struct Line {
    std::int64_t start_ms = 0;  ///< from the beginning of the audio
    std::int64_t end_ms = 0;
    std::string text;      ///< what is said
    std::string expected;  ///< how the embedded engine writes it
  };
  std::vector<std::int16_t> audio;
  std::vector<Line> lines;
};

/// A caller who answers a short menu: a command, four digits, a yes; made with flite's voice `rms` (prompts have
/// another), always the same. Silence of `lead_in_ms` comes first, for a greeting. `sample_rate` is 8, 16 or 24 kHz.
/// Error `engine_failed`.
Result<SampleCall> sample_call(std::int64_t lead_in_ms = 1'500, std::uint32_t sample_rate = 8'000);

}  // namespace trunkline::adapters
