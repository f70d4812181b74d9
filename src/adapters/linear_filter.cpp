#include <adapters/linear_filter.hpp>
#include <algorithm>
#include <cmath>

namespace trunkline::adapters {
namespace {

// A weight of one. 2^14 leaves room for it in 16 bits, and for a sum of any 16-bit samples in 32; the noise of rounding
// the weights is 75 dB down.
constexpr int unit_bits = 14;

double bessel_i0(double x) {
  double sum = 1;
  double term = 1;
  for (int k = 1; k < 32; ++k) {
    term *= (x / 2 / k) * (x / 2 / k);
    sum += term;
  }
  return sum;
}

std::int16_t weighed(std::span<const std::int16_t> taps, std::span<const std::int16_t> samples) {
  std::int32_t sum = 1 << (unit_bits - 1);  // to round
  for (std::size_t i = 0; i < taps.size(); ++i) sum += taps[i] * samples[i];
  return static_cast<std::int16_t>(std::clamp(sum >> unit_bits, -32'768, 32'767));
}

}  // namespace

double kaiser_60_db(double n, double half_length) {
  constexpr double beta = 5.65;
  const double part = n / half_length;
  return bessel_i0(beta * std::sqrt(1 - part * part)) / bessel_i0(beta);
}

LinearFilter::LinearFilter(const FilterSide& side, std::size_t up, std::size_t down)
    : up_(up), down_(down), reach_((side.size() + up - 1) / up) {
  // The zeros between the input's samples need no looking at: what is left are `up` shorter filters.
  for (std::size_t between = 0; between < up; ++between) {
    for (std::size_t i = 0; i <= 2 * reach_; ++i) {
      const std::size_t place = i * up;
      const std::size_t middle = reach_ * up + between;
      const std::size_t n = std::max(place, middle) - std::min(place, middle);
      const double tap = n < side.size() ? side[n] * static_cast<double>(up << unit_bits) : 0;
      taps_.push_back(static_cast<std::int16_t>(std::lround(tap)));
    }
  }
  restart();
}

void LinearFilter::restart() {
  window_.assign(reach_, 0);
  between_ = 0;
}

void LinearFilter::add(std::span<const std::int16_t> in, std::vector<std::int16_t>& out) {
  window_.insert(window_.end(), in.begin(), in.end());
  const std::size_t length = 2 * reach_ + 1;
  std::size_t first = 0;
  while (first + length <= window_.size()) {
    out.push_back(
        weighed(std::span(taps_).subspan(between_ * length, length), std::span(window_).subspan(first, length)));
    between_ += down_;
    first += between_ / up_;
    between_ %= up_;
  }
  window_.erase(window_.begin(), window_.begin() + static_cast<std::ptrdiff_t>(first));
}

void LinearFilter::finish(std::vector<std::int16_t>& out) {
  const std::vector<std::int16_t> silence(reach_);
  add(silence, out);
  restart();
}

}  // namespace trunkline::adapters
