#include <trunkline/base/text.hpp>

#include <flite/flite.h>

#include <adapters/flite/flite_voice.hpp>
#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <mutex>

extern "C" {
cst_voice* register_cmu_us_slt(const char* voxdir);
cst_voice* register_cmu_us_rms(const char* voxdir);
}

namespace trunkline::adapters {
namespace {

struct KnownVoice {
  std::string_view name;
  cst_voice* (*load)(const char*);
};

constexpr std::array voices = {KnownVoice{"slt", register_cmu_us_slt}, KnownVoice{"rms", register_cmu_us_rms}};

const KnownVoice* find_voice(std::string_view name) {
  const auto* const found = std::ranges::find(voices, name, &KnownVoice::name);
  return found == voices.end() ? nullptr : found;
}

std::mutex& engine() {
  static std::mutex mutex;
  return mutex;
}

struct FreeWave {
  void operator()(cst_wave* wave) const { delete_wave(wave); }
};

}  // namespace

bool has_flite_voice(std::string_view voice) {
  return find_voice(voice) != nullptr;
}

Result<std::vector<std::int16_t>> speak_with_flite(std::string_view voice, std::string text) {
  const auto* known = find_voice(voice);
  if (known == nullptr) {
    return make_error("unsupported", "there is no voice '" + std::string(voice) + "'; there are slt and rms");
  }
  std::ranges::replace(text, '\0', ' ');  // it would end the C string
  if (text::trim(text).empty()) return std::vector<std::int16_t>{};

  const std::lock_guard lock(engine());
  static const int started = flite_init();
  cst_voice* loaded = started < 0 ? nullptr : known->load(nullptr);  // the same one each time
  if (loaded == nullptr) return make_error("engine_failed", "the speech engine could not load its voice");
  std::srand(1);  // NOLINT(cert-msc51-cpp): flite's noise comes from rand(): the same text shall be the same audio
  const std::unique_ptr<cst_wave, FreeWave> wave(flite_text_to_wave(text.c_str(), loaded));
  if (!wave || wave->num_samples < 0 || wave->sample_rate != static_cast<int>(flite_sample_rate)) {
    return make_error("engine_failed", "the speech engine could not speak this text");
  }
  return std::vector<std::int16_t>(wave->samples, wave->samples + wave->num_samples);
}

}  // namespace trunkline::adapters
