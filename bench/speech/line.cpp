#include "line.hpp"

#include <adapters/rate_change.hpp>
#include <algorithm>
#include <cmath>
#include <numbers>
#include <random>

namespace bench {
namespace {

constexpr int half = 64;  // taps beside the middle one

Signal band_pass_taps() {
  constexpr double rate = 8'000;
  const auto low_pass = [](double hz, int n) {
    return n == 0 ? 2 * hz / rate : std::sin(2 * std::numbers::pi * hz * n / rate) / (std::numbers::pi * n);
  };
  Signal taps;
  for (int n = -half; n <= half; ++n) {
    const double window = 0.54 + 0.46 * std::cos(std::numbers::pi * n / half);
    taps.push_back((low_pass(3'400, n) - low_pass(300, n)) * window);
  }
  return taps;
}

Signal of_power_one(Signal sound) {
  const double gain = 1 / std::sqrt(power(sound));
  for (double& value : sound) value *= gain;
  return sound;
}

}  // namespace

Samples to_samples(const Signal& in) {
  Samples out(in.size());
  std::ranges::transform(in, out.begin(), [](double value) {
    return static_cast<std::int16_t>(std::lround(std::clamp(value, -32'768.0, 32'767.0)));
  });
  return out;
}

double power(const Signal& in) {
  double sum = 0;
  for (const double value : in) sum += value * value;
  return sum / static_cast<double>(std::max<std::size_t>(in.size(), 1));
}

Signal white(std::size_t size) {
  std::mt19937 engine(1);
  std::normal_distribution<double> noise;
  Signal out(size);
  for (double& value : out) value = noise(engine);
  return of_power_one(std::move(out));
}

// White noise through Paul Kellet's economical filter.
Signal pink(std::size_t size) {
  Signal out = white(size);
  double slow = 0;
  double middle = 0;
  double fast = 0;
  for (double& value : out) {
    slow = 0.99765 * slow + value * 0.0990460;
    middle = 0.96300 * middle + value * 0.2965164;
    fast = 0.57000 * fast + value * 1.0526913;
    value = slow + middle + fast + value * 0.1848;
  }
  return of_power_one(std::move(out));
}

Signal band_pass(const Signal& in) {
  static const Signal taps = band_pass_taps();
  Signal padded(in.size() + 2 * half);
  std::ranges::copy(in, padded.begin() + half);
  Signal out(in.size());
  for (std::size_t i = 0; i < in.size(); ++i) {
    for (std::size_t k = 0; k < taps.size(); ++k) out[i] += padded[i + k] * taps[k];
  }
  return out;
}

Samples by_telephone(const Samples& wideband) {
  const auto narrow = trunkline::adapters::change_rate(wideband, 16'000, 8'000);
  return to_samples(band_pass({narrow.begin(), narrow.end()}));
}

Samples with_noise(const Samples& sound, Noise noise, double snr_db) {
  constexpr std::size_t pause = 8'000;
  Signal sum(sound.size() + 2 * pause);
  std::ranges::copy(sound, sum.begin() + pause);
  if (noise != Noise::none) {
    const auto added = noise == Noise::on_line ? white(sum.size()) : of_power_one(band_pass(pink(sum.size())));
    const double gain = std::sqrt(power({sound.begin(), sound.end()}) / std::pow(10, snr_db / 10));
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += gain * added[i];
  }
  return to_samples(sum);
}

Samples at_rate(const Samples& sound, std::uint32_t from_hz, std::uint32_t to_hz) {
  Samples paused(from_hz);
  paused.insert(paused.end(), sound.begin(), sound.end());
  paused.resize(paused.size() + from_hz);
  return trunkline::adapters::change_rate(paused, from_hz, to_hz);
}

}  // namespace bench
