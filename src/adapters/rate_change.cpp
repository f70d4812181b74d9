#include <adapters/rate_change.hpp>
#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

namespace trunkline::adapters {
namespace {

constexpr std::size_t crossings = 12;  // of zero, to either side of the filter's middle: what makes it that steep

// A low-pass at 1/(2 * band) of the rate that it works at, band from 2. Every weight at a multiple of `band` is zero
// but the middle one, which is 1/band; the others are scaled to give the rest of a gain of one. So each of the filters
// that it is taken apart into has that gain as well, and one of them is no filter.
FilterSide low_pass(std::size_t band) {
  const auto width = static_cast<double>(band);
  FilterSide side(crossings * band);
  double sum = 0;
  for (std::size_t i = 1; i < side.size(); ++i) {
    if (i % band == 0) continue;
    const auto n = static_cast<double>(i);
    side[i] = std::sin(std::numbers::pi * n / width) / (std::numbers::pi * n) * kaiser_60_db(n, crossings * width);
    sum += 2 * side[i];
  }
  for (double& weight : side) weight *= (1 - 1 / width) / sum;
  side[0] = 1 / width;
  return side;
}

}  // namespace

LinearFilter rate_changer(std::uint32_t from_hz, std::uint32_t to_hz) {
  const auto common = std::gcd(from_hz, to_hz);
  const std::size_t up = to_hz / common;
  const std::size_t down = from_hz / common;
  if (up == down) return LinearFilter({1.0});
  return LinearFilter(low_pass(std::max(up, down)), up, down);
}

std::vector<std::int16_t> change_rate(std::span<const std::int16_t> samples, std::uint32_t from_hz,
                                      std::uint32_t to_hz) {
  std::vector<std::int16_t> out;
  out.reserve(samples.size() * to_hz / from_hz + 1);
  auto changer = rate_changer(from_hz, to_hz);
  changer.add(samples, out);
  changer.finish(out);
  return out;
}

}  // namespace trunkline::adapters
