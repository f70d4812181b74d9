#include "sim/resample.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <numeric>

namespace trunkline::sim {
namespace {

constexpr double zero_crossings = 12;  // of the filter, to either side

// A sinc that is cut off at `cutoff` (of the input's rate), under a Blackman window.
double filter(double at, double cutoff, double reach) {
  if (std::abs(at) >= reach) return 0;
  const double x = std::numbers::pi * at * 2 * cutoff;
  const double sinc = x == 0 ? 1 : std::sin(x) / x;
  const double phase = std::numbers::pi * (at / reach + 1);
  return 2 * cutoff * sinc * (0.42 - 0.5 * std::cos(phase) + 0.08 * std::cos(2 * phase));
}

}  // namespace

std::vector<std::int16_t> resample(std::span<const std::int16_t> samples, std::uint32_t from, std::uint32_t to) {
  if (from == to) return {samples.begin(), samples.end()};
  const std::uint32_t common = std::gcd(from, to);
  const std::int64_t up = to / common;
  const std::int64_t down = from / common;
  const double cutoff = 0.5 * std::min(1.0, static_cast<double>(to) / from) * 0.95;
  const double reach = zero_crossings / (2 * cutoff);
  const auto half = static_cast<std::int64_t>(reach) + 1;
  const auto size = static_cast<std::int64_t>(samples.size());

  // One row of coefficients for each place that an output sample can have between two input samples.
  std::vector<std::vector<double>> rows(static_cast<std::size_t>(up));
  for (std::int64_t phase = 0; phase < up; ++phase) {
    for (std::int64_t tap = -half; tap <= half; ++tap) {
      const double place = static_cast<double>(phase) / static_cast<double>(up);
      rows[static_cast<std::size_t>(phase)].push_back(filter(static_cast<double>(tap) - place, cutoff, reach));
    }
  }
  std::vector<std::int16_t> out;
  out.reserve(static_cast<std::size_t>(size * up / down));
  for (std::int64_t i = 0; i < size * up / down; ++i) {
    const std::int64_t centre = i * down / up;
    const auto& row = rows[static_cast<std::size_t>(i * down % up)];
    double sum = 0;
    for (std::int64_t tap = std::max(-half, -centre); tap <= std::min(half, size - 1 - centre); ++tap) {
      sum += row[static_cast<std::size_t>(tap + half)] * samples[static_cast<std::size_t>(centre + tap)];
    }
    out.push_back(static_cast<std::int16_t>(std::lround(std::clamp(sum, -32'768.0, 32'767.0))));
  }
  return out;
}

}  // namespace trunkline::sim
