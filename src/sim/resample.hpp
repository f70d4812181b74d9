#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace trunkline::sim {

/// The same sound at another rate (Hz, both above 0), by a windowed sinc filter; what the lower rate cannot carry is
/// taken out. For whole recordings, not for a call's path.
std::vector<std::int16_t> resample(std::span<const std::int16_t> samples, std::uint32_t from, std::uint32_t to);

}  // namespace trunkline::sim
