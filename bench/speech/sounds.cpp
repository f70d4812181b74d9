#include "sounds.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <initializer_list>
#include <numbers>

namespace bench {
namespace {

constexpr double rate = 8'000;
constexpr double turn = 2 * std::numbers::pi;

/// Frequencies that sound together for a while; none: a pause.
struct Part {
  std::vector<double> hz;
  double seconds = 0;
};

std::size_t samples_in(double seconds) {
  return static_cast<std::size_t>(seconds * rate);
}

Signal play(const std::vector<Part>& parts) {
  Signal out;
  for (const auto& part : parts) {
    const std::size_t begin = out.size();
    out.resize(begin + samples_in(part.seconds));
    for (const double hz : part.hz) {
      for (std::size_t i = begin; i < out.size(); ++i) out[i] += std::sin(turn * hz * static_cast<double>(i) / rate);
    }
  }
  return out;
}

std::vector<Part> repeated(const std::vector<Part>& parts, int times) {
  std::vector<Part> all;
  for (int i = 0; i < times; ++i) all.insert(all.end(), parts.begin(), parts.end());
  return all;
}

Signal scaled(Signal sound, double peak) {
  const double gain = peak / std::abs(*std::ranges::max_element(sound, {}, [](double v) { return std::abs(v); }));
  for (double& value : sound) value *= gain;
  return sound;
}

constexpr std::array rows = {697.0, 770.0, 852.0, 941.0};
constexpr std::array columns = {1209.0, 1336.0, 1477.0, 1633.0};

// A number as a dialler sends it, then each key as a finger holds it.
std::vector<std::pair<std::string, std::vector<Part>>> keys() {
  std::vector<std::pair<std::string, std::vector<Part>>> all;
  std::vector<Part> dialled;
  for (const double row : rows) {
    for (const double column : columns) {
      dialled.push_back({{row, column}, 0.1});
      dialled.push_back({{}, 0.1});
      all.push_back({"key", {{{row, column}, 0.6}}});
    }
  }
  all.push_back({"dialled", dialled});
  return all;
}

// Binary frequency-shift keying at 300 baud without a jump of phase, as V.21 does it.
Signal modem() {
  Signal out(samples_in(3));
  double phase = 0;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::size_t bit = i * 300 / 8'000;
    phase += turn * ((bit * 2'654'435'761U >> 7) % 2 == 0 ? 1'650 : 1'850) / rate;
    out[i] = std::sin(phase);
  }
  return out;
}

std::vector<std::pair<std::string, std::vector<Part>>> network_cadences() {
  std::vector<std::pair<std::string, std::vector<Part>>> all = {
      {"440", {{{440}, 3}}},
      {"dial 425", {{{425}, 3}}},
      {"dial 350+440", {{{350, 440}, 3}}},
      {"ringing 440+480", {{{440, 480}, 2}, {{}, 1}, {{440, 480}, 2}}},
      {"ringing 425", {{{425}, 1}, {{}, 1}, {{425}, 1}}},
      {"ringing 400+450", repeated({{{400, 450}, 0.4}, {{}, 0.2}, {{400, 450}, 0.4}, {{}, 1}}, 2)},
      {"busy 480+620", repeated({{{480, 620}, 0.5}, {{}, 0.5}}, 4)},
      {"busy 425", repeated({{{425}, 0.5}, {{}, 0.5}}, 4)},
      {"congestion 480+620", repeated({{{480, 620}, 0.25}, {{}, 0.25}}, 8)},
      {"call waiting 440", {{{440}, 0.3}}},
      {"special information", repeated({{{950}, 0.33}, {{1'400}, 0.33}, {{1'800}, 0.33}, {{}, 1}}, 2)},
      {"answering machine 1000", {{{1'000}, 0.4}}},
      {"fax calling 1100", {{{1'100}, 0.5}, {{}, 1}, {{1'100}, 0.5}}},
      {"fax answer 2100", {{{2'100}, 3}}},
  };
  std::ranges::move(keys(), std::back_inserter(all));
  return all;
}

// Four chords of struck strings: harmonics that die away, the higher the sooner.
Signal piano() {
  Signal out(samples_in(4));
  const std::array<std::array<double, 3>, 4> chords = {
      {{261.6, 329.6, 392.0}, {220.0, 261.6, 329.6}, {174.6, 220.0, 349.2}, {196.0, 246.9, 392.0}}};
  for (std::size_t i = 0; i < out.size(); ++i) {
    const double at = static_cast<double>(i) / rate;
    const double since = std::fmod(at, 1.0);
    for (const double note : chords[static_cast<std::size_t>(at)]) {
      for (int n = 1; n <= 8; ++n) out[i] += std::exp(-since * (1 + n)) / n * std::sin(turn * note * n * since);
    }
  }
  return band_pass(out);
}

Signal hum() {
  Signal out(samples_in(3));
  for (std::size_t i = 0; i < out.size(); ++i) {
    for (int n = 1; n <= 20; ++n) out[i] += std::sin(turn * 50 * n * static_cast<double>(i) / rate) / n;
  }
  return band_pass(out);
}

// Bursts of hiss, three a second.
Signal knocking() {
  Signal out = white(samples_in(3));
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] *= std::exp(-60 * std::fmod(static_cast<double>(i) / rate, 1.0 / 3));
  }
  return band_pass(out);
}

std::vector<Sound> loud_and_soft(const std::string& name, const Signal& sound) {
  return {{name, to_samples(scaled(sound, 12'000))}, {name + ", soft", to_samples(scaled(sound, 1'200))}};
}

void append(std::vector<Sound>& all, const std::string& name, const Signal& sound) {
  std::ranges::move(loud_and_soft(name, sound), std::back_inserter(all));
}

}  // namespace

std::vector<Sound> network_tones() {
  std::vector<Sound> all;
  for (const auto& [name, parts] : network_cadences()) append(all, name, play(parts));
  append(all, "modem", modem());
  return all;
}

std::vector<Sound> noises() {
  std::vector<Sound> all;
  append(all, "hiss", white(samples_in(3)));
  append(all, "rumble", band_pass(pink(samples_in(3))));
  append(all, "hum", hum());
  append(all, "knocking", knocking());
  append(all, "piano", piano());
  return all;
}

}  // namespace bench
