#include "voices.hpp"

#include <flite/flite.h>

#include <adapters/half_band.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <numbers>
#include <random>
#include <stdexcept>

extern "C" {
cst_voice* register_cmu_us_slt(const char* voxdir);
cst_voice* register_cmu_us_rms(const char* voxdir);
cst_voice* register_cmu_us_awb(const char* voxdir);
cst_voice* register_cmu_us_kal16(const char* voxdir);
}

namespace bench {
namespace {

using Signal = std::vector<double>;

Samples to_samples(const Signal& in) {
  Samples out(in.size());
  for (std::size_t i = 0; i < in.size(); ++i) {
    out[i] = static_cast<std::int16_t>(std::lround(std::clamp(in[i], -32'768.0, 32'767.0)));
  }
  return out;
}

double power(const Signal& in) {
  double sum = 0;
  for (const double value : in) sum += value * value;
  return sum / static_cast<double>(std::max<std::size_t>(in.size(), 1));
}

// A 129-tap windowed-sinc band pass of 300 to 3400 Hz at 8 kHz.
Signal band_pass(const Signal& in) {
  constexpr int half = 64;
  constexpr double rate = 8'000;
  const auto low_pass = [](double hz, int n) {
    return n == 0 ? 2 * hz / rate : std::sin(2 * std::numbers::pi * hz * n / rate) / (std::numbers::pi * n);
  };
  Signal taps;
  for (int n = -half; n <= half; ++n) {
    const double window = 0.54 + 0.46 * std::cos(std::numbers::pi * n / half);
    taps.push_back((low_pass(3'400, n) - low_pass(300, n)) * window);
  }
  Signal padded(in.size() + 2 * half);
  std::copy(in.begin(), in.end(), padded.begin() + half);
  Signal out(in.size());
  for (std::size_t i = 0; i < in.size(); ++i) {
    for (std::size_t k = 0; k < taps.size(); ++k) out[i] += padded[i + k] * taps[k];
  }
  return out;
}

Signal white(std::size_t size) {
  std::mt19937 engine(1);
  std::normal_distribution<double> noise;
  Signal out(size);
  for (double& value : out) value = noise(engine);
  return out;
}

// White noise through Paul Kellet's economical filter: 3 dB less an octave.
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
  return out;
}

Samples say_with_flite(const std::string& name, const std::string& text) {
  flite_init();
  cst_voice* voice = name == "rms"   ? register_cmu_us_rms(nullptr)
                     : name == "slt" ? register_cmu_us_slt(nullptr)
                     : name == "awb" ? register_cmu_us_awb(nullptr)
                                     : register_cmu_us_kal16(nullptr);
  std::srand(1);
  cst_wave* wave = flite_text_to_wave(text.c_str(), voice);
  Samples samples(wave->samples, wave->samples + wave->num_samples);
  delete_wave(wave);
  return samples;
}

struct ClosePipe {
  void operator()(std::FILE* pipe) const { pclose(pipe); }
};

// espeak-ng speaks at 22.05 kHz; brought to 16 kHz by linear interpolation, whose images lie above the telephone band.
Samples say_with_espeak(const std::string& name, const std::string& text) {
  const std::string command = "espeak-ng -v " + name + " --stdout '" + text + "'";
  const std::unique_ptr<std::FILE, ClosePipe> pipe(popen(command.c_str(), "r"));
  if (!pipe) throw std::runtime_error("cannot start espeak-ng");
  std::vector<unsigned char> wav;
  unsigned char block[4'096];
  for (std::size_t got; (got = std::fread(block, 1, sizeof block, pipe.get())) > 0;) {
    wav.insert(wav.end(), block, block + got);
  }
  constexpr std::size_t header = 44;
  if (wav.size() <= header) throw std::runtime_error("espeak-ng said nothing");
  Samples native;
  for (std::size_t i = header; i + 1 < wav.size(); i += 2) {
    native.push_back(static_cast<std::int16_t>(static_cast<std::uint16_t>(wav[i] | (wav[i + 1] << 8))));
  }
  Samples out;
  for (double at = 0; at + 1 < static_cast<double>(native.size()); at += 22'050.0 / 16'000.0) {
    const auto i = static_cast<std::size_t>(at);
    const double part = at - static_cast<double>(i);
    out.push_back(static_cast<std::int16_t>(std::lround(native[i] * (1 - part) + native[i + 1] * part)));
  }
  return out;
}

}  // namespace

std::vector<Voice> voices() {
  std::vector<Voice> all;
  for (const auto* name : {"rms", "slt", "awb", "kal16"}) all.push_back({"flite", name});
  if (std::system("espeak-ng --version >/dev/null 2>&1") == 0) {
    for (const auto* name : {"en-us", "en-gb", "en-us+f3"}) all.push_back({"espeak-ng", name});
  }
  return all;
}

Samples by_telephone(const Samples& wideband) {
  const auto narrow = trunkline::adapters::halve_rate(wideband);
  return to_samples(band_pass({narrow.begin(), narrow.end()}));
}

Samples say_by_telephone(const Voice& voice, const std::string& text) {
  return by_telephone(voice.group == "flite" ? say_with_flite(voice.name, text) : say_with_espeak(voice.name, text));
}

Samples with_noise(const Samples& speech, Noise noise, double snr_db) {
  constexpr std::size_t pause = 8'000;
  std::vector<double> sum(speech.size() + 2 * pause);
  std::copy(speech.begin(), speech.end(), sum.begin() + pause);
  if (noise != Noise::none) {
    const auto sound = noise == Noise::on_line ? white(sum.size()) : band_pass(pink(sum.size()));
    const double gain = std::sqrt(power({speech.begin(), speech.end()}) / power(sound) / std::pow(10, snr_db / 10));
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += gain * sound[i];
  }
  return to_samples(sum);
}

}  // namespace bench
