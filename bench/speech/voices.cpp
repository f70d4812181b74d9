#include "voices.hpp"

#include <flite/flite.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stdexcept>

extern "C" {
cst_voice* register_cmu_us_slt(const char* voxdir);
cst_voice* register_cmu_us_rms(const char* voxdir);
cst_voice* register_cmu_us_awb(const char* voxdir);
cst_voice* register_cmu_us_kal16(const char* voxdir);
}

namespace bench {
namespace {

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

std::vector<Voice> voices(std::vector<std::string>& missing) {
  std::vector<Voice> all;
  for (const auto* name : {"rms", "slt", "awb", "kal16"}) all.push_back({"flite", name});
  if (std::system("espeak-ng --version >/dev/null 2>&1") != 0) {
    missing.emplace_back("the voices espeak-ng: the program is not installed (Debian package espeak-ng)");
    return all;
  }
  for (const auto* name : {"en-us", "en-gb", "en-us+f3"}) all.push_back({"espeak-ng", name});
  return all;
}

Samples say(const Voice& voice, const std::string& text) {
  return voice.group == "flite" ? say_with_flite(voice.name, text) : say_with_espeak(voice.name, text);
}

}  // namespace bench
