#pragma once

#include <trunkline/base/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace trunkline::adapters {

inline constexpr std::uint32_t flite_sample_rate = 16'000;

/// Whether flite speaks with this voice here: `slt` (female) or `rms` (male), both US English.
bool has_flite_voice(std::string_view voice);

/// The text spoken at 16 kHz; about 11 ms of work a second of speech. Any thread: flite is not thread-safe, so one
/// caller speaks at a time. Errors: `unsupported` (voice), `engine_failed`.
Result<std::vector<std::int16_t>> speak_with_flite(std::string_view voice, std::string text);

}  // namespace trunkline::adapters
