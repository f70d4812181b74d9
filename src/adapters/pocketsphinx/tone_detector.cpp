#include <adapters/pocketsphinx/tone_detector.hpp>
#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <numbers>
#include <utility>
#include <vector>

namespace trunkline::adapters {
namespace {

constexpr std::size_t window = 256;  // 32 ms: long enough to tell 350 from 440 Hz, short enough for a key of 50 ms
constexpr std::size_t step = window / 2;
constexpr std::size_t bins = window / 2 + 1;
constexpr std::size_t half_line = 2;  // a pure tone under a Hann window is two bins wide to either side

constexpr double loud = 0.1;          // of the loudest window's energy
constexpr double most_noise = 0.1;    // of a window's energy, that may be put down to the line's noise
constexpr double pure_share = 0.987;  // docs/speech.md says how it was chosen

using Spectrum = std::array<double, bins>;
using Complex = std::complex<double>;

struct Energy {
  double all = 0;
  double lines = 0;  // of it: in the two strongest lines
};

std::array<double, window> hann() {
  std::array<double, window> weights{};
  for (std::size_t i = 0; i < window; ++i) {
    weights[i] = 0.5 - 0.5 * std::cos(2 * std::numbers::pi * static_cast<double>(i) / window);
  }
  return weights;
}

void reverse_bits(std::array<Complex, window>& values) {
  for (std::size_t i = 1, j = 0; i < window; ++i) {
    std::size_t bit = window / 2;
    for (; (j & bit) != 0; bit /= 2) j ^= bit;
    j ^= bit;
    if (i < j) std::swap(values[i], values[j]);
  }
}

// The textbook's radix-2 transform, in place.
void transform(std::array<Complex, window>& values) {
  reverse_bits(values);
  for (std::size_t size = 2; size <= window; size *= 2) {
    const Complex turn = std::polar(1.0, -2 * std::numbers::pi / static_cast<double>(size));
    for (std::size_t begin = 0; begin < window; begin += size) {
      Complex factor = 1;
      for (std::size_t k = begin; k < begin + size / 2; ++k, factor *= turn) {
        const Complex odd = values[k + size / 2] * factor;
        values[k + size / 2] = values[k] - odd;
        values[k] += odd;
      }
    }
  }
}

Spectrum spectrum_of(std::span<const std::int16_t> samples) {
  static const auto weights = hann();
  std::array<Complex, window> values;
  for (std::size_t i = 0; i < window; ++i) values[i] = samples[i] * weights[i];
  transform(values);
  Spectrum energies{};
  for (std::size_t i = half_line; i < bins; ++i) energies[i] = std::norm(values[i]);  // below: no sound, but an offset
  return energies;
}

double take_strongest_line(Spectrum& energies) {
  const auto peak = static_cast<std::size_t>(std::ranges::max_element(energies) - energies.begin());
  double energy = 0;
  for (std::size_t i = peak - std::min(peak, half_line); i <= std::min(peak + half_line, bins - 1); ++i) {
    energy += std::exchange(energies[i], 0);
  }
  return energy;
}

Energy energy_of(std::span<const std::int16_t> samples) {
  auto energies = spectrum_of(samples);
  Energy energy;
  for (const double bin : energies) energy.all += bin;
  energy.lines = take_strongest_line(energies);
  energy.lines += take_strongest_line(energies);
  return energy;
}

std::vector<Energy> windows_of(std::span<const std::int16_t> audio) {
  std::vector<Energy> windows;
  for (std::size_t at = 0; at + window <= audio.size(); at += step)
    windows.push_back(energy_of(audio.subspan(at, window)));
  return windows;
}

// How much of each loud window's energy is in two lines. The quietest window shows what the line's noise adds to all.
std::vector<double> shares_of_lines(const std::vector<Energy>& windows) {
  const auto [quietest, loudest] = std::ranges::minmax(windows, {}, &Energy::all);
  std::vector<double> shares;
  for (const auto& energy : windows) {
    if (energy.all == 0 || energy.all < loud * loudest.all) continue;
    shares.push_back(energy.lines / (energy.all - std::min(quietest.all, most_noise * energy.all)));
  }
  return shares;
}

}  // namespace

// A voice is that pure for some of a vowel, but not for six tenths of what is loud in a whole utterance. The other four
// may be the edges of tones: of a key pressed for 50 ms they are that much.
bool is_tone(std::span<const std::int16_t> audio) {
  if (audio.size() < window) return false;
  auto shares = shares_of_lines(windows_of(audio));
  if (shares.empty()) return false;
  const auto decisive = shares.begin() + static_cast<std::ptrdiff_t>(4 * shares.size() / 10);
  std::ranges::nth_element(shares, decisive);
  return *decisive >= pure_share;
}

}  // namespace trunkline::adapters
