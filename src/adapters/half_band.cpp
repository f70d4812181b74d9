#include <adapters/half_band.hpp>
#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace trunkline::adapters {
namespace {

// Every second tap of a half-band filter is zero but the middle one, which is 1/2. side[i] stands 2i+1 samples from it.
constexpr std::size_t side_taps = 12;
using Side = std::array<float, side_taps>;

double bessel_i0(double x) {
  double sum = 1;
  double term = 1;
  for (int k = 1; k < 32; ++k) {
    term *= (x / 2 / k) * (x / 2 / k);
    sum += term;
  }
  return sum;
}

Side design() {
  constexpr double beta = 5.65;  // Kaiser window for 60 dB
  constexpr double half_length = 2 * side_taps;
  std::array<double, side_taps> taps{};
  double sum = 0;
  for (std::size_t i = 0; i < side_taps; ++i) {
    const double n = 2.0 * static_cast<double>(i) + 1;
    const double window = bessel_i0(beta * std::sqrt(1 - n * n / (half_length * half_length))) / bessel_i0(beta);
    taps[i] = std::sin(std::numbers::pi * n / 2) / (std::numbers::pi * n) * window;
    sum += taps[i];
  }
  Side side{};
  // The middle tap gives half of the gain at 0 Hz, the two sides together must give the other half.
  for (std::size_t i = 0; i < side_taps; ++i) side[i] = static_cast<float>(taps[i] * 0.25 / sum);
  return side;
}

const Side& side() {
  static const Side taps = design();
  return taps;
}

std::int16_t to_sample(float value) {
  return static_cast<std::int16_t>(std::lround(std::clamp(value, -32768.0F, 32767.0F)));
}

// `samples` between zeros, so that the filter may look over both ends.
std::vector<float> padded(std::span<const std::int16_t> samples, std::size_t zeros) {
  std::vector<float> out(samples.size() + 2 * zeros);
  std::copy(samples.begin(), samples.end(), out.begin() + static_cast<std::ptrdiff_t>(zeros));
  return out;
}

}  // namespace

std::vector<std::int16_t> double_rate(std::span<const std::int16_t> samples) {
  const auto in = padded(samples, side_taps);
  std::vector<std::int16_t> out(samples.size() * 2);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const float* left = &in[i + side_taps];
    const float* right = left + 1;
    float between = 0;
    for (std::size_t k = 0; k < side_taps; ++k) between += side()[k] * (*(left - k) + *(right + k));
    out[2 * i] = samples[i];
    out[2 * i + 1] = to_sample(2 * between);
  }
  return out;
}

std::vector<std::int16_t> halve_rate(std::span<const std::int16_t> samples) {
  const auto in = padded(samples, 2 * side_taps);
  std::vector<std::int16_t> out((samples.size() + 1) / 2);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const float* middle = &in[2 * i + 2 * side_taps];
    float sum = 0.5F * *middle;
    for (std::size_t k = 0; k < side_taps; ++k) sum += side()[k] * (*(middle - 2 * k - 1) + *(middle + 2 * k + 1));
    out[i] = to_sample(sum);
  }
  return out;
}

}  // namespace trunkline::adapters
