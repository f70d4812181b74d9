#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace trunkline::adapters {

/// 8 to 16 kHz and back for whole utterances: a 47-tap linear-phase half-band filter (flat to 3.4 kHz, 60 dB down from
/// 4.6 kHz), centred, so that nothing is delayed.
std::vector<std::int16_t> double_rate(std::span<const std::int16_t> samples);
std::vector<std::int16_t> halve_rate(std::span<const std::int16_t> samples);

}  // namespace trunkline::adapters
