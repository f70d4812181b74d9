#pragma once

#include <adapters/linear_filter.hpp>

namespace trunkline::adapters {

/// Brings 8, 16 and 24 kHz to one another, piece by piece: a low-pass at half of the lower rate, flat to 0.85 of that
/// and 60 dB down from 1.15 of it. It looks 12 samples of the lower rate ahead. The ratio of the rates must be one of
/// small whole numbers.
LinearFilter rate_changer(std::uint32_t from_hz, std::uint32_t to_hz);

/// A whole signal at another rate.
std::vector<std::int16_t> change_rate(std::span<const std::int16_t> samples, std::uint32_t from_hz,
                                      std::uint32_t to_hz);

}  // namespace trunkline::adapters
