#include <trunkline/media/g711.hpp>

#include <catch2/catch.hpp>

#include <adapters/flite/flite_voice.hpp>
#include <adapters/pocketsphinx/tone_detector.hpp>
#include <adapters/rate_change.hpp>
#include <cmath>
#include <numbers>
#include <random>

using namespace trunkline;
using adapters::is_tone;
using Samples = std::vector<std::int16_t>;

namespace {

struct Tone {
  const char* name;
  std::vector<double> hz;
  double on_seconds;  // then as long a pause, and again
  double all_seconds;
};

std::vector<Tone> network_tones() {
  std::vector<Tone> tones = {{"440", {440}, 2, 2},
                             {"dial, Europe", {425}, 2, 2},
                             {"dial, America", {350, 440}, 2, 2},
                             {"ringing, America", {440, 480}, 2, 6},
                             {"ringing, Britain", {400, 450}, 0.4, 2},
                             {"busy, America", {480, 620}, 0.5, 2},
                             {"busy, Europe", {425}, 0.5, 2},
                             {"congestion", {480, 620}, 0.25, 2},
                             {"call waiting", {440}, 0.3, 0.3},
                             {"answering machine", {1'000}, 0.4, 0.4},
                             {"fax calling", {1'100}, 0.5, 0.5},
                             {"fax answering", {2'100}, 3, 3}};
  for (const double row : {697, 770, 852, 941}) {
    for (const double column : {1'209, 1'336, 1'477, 1'633}) tones.push_back({"key", {row, column}, 0.1, 0.9});
  }
  return tones;
}

Samples by_mulaw(const Samples& in) {
  std::vector<std::uint8_t> mulaw(in.size());
  media::encode_mulaw(in, mulaw.data());
  Samples out(in.size());
  media::decode_mulaw(mulaw, out.data());
  return out;
}

/// With 300 ms of pause before it and 200 ms after, as an utterance is cut, and noise of `noise` all along.
Samples play(const Tone& tone, double peak, double noise) {
  constexpr double rate = 8'000;
  std::mt19937 engine(1);
  std::normal_distribution<double> hiss;
  Samples out(static_cast<std::size_t>((0.5 + tone.all_seconds) * rate));
  for (std::size_t i = 0; i < out.size(); ++i) {
    const double at = static_cast<double>(i) / rate - 0.3;
    const bool on = at >= 0 && at < tone.all_seconds && std::fmod(at, 2 * tone.on_seconds) < tone.on_seconds;
    double value = noise * hiss(engine);
    for (const double hz : tone.hz) {
      if (on) value += peak / static_cast<double>(tone.hz.size()) * std::sin(2 * std::numbers::pi * hz * at);
    }
    out[i] = static_cast<std::int16_t>(std::lround(value));
  }
  return by_mulaw(out);
}

Samples spoken(const char* voice, const char* text) {
  auto speech = adapters::change_rate(*adapters::speak_with_flite(voice, text), 16'000, 8'000);
  speech.insert(speech.begin(), 2'400, 0);
  speech.resize(speech.size() + 1'600);
  return by_mulaw(speech);
}

}  // namespace

TEST_CASE("the tones of networks and machines are tones at any level") {
  for (const auto& tone : network_tones()) {
    for (const double peak : {300, 3'000, 30'000}) {
      INFO(tone.name << " " << tone.hz.front() << " Hz at " << peak);
      CHECK(is_tone(play(tone, peak, 0)));
    }
  }
}

TEST_CASE("a tone on a noisy line is one all the same") {
  for (const auto& tone : network_tones()) {
    INFO(tone.name << " " << tone.hz.front() << " Hz");
    CHECK(is_tone(play(tone, 3'000, 3'000 / 30.0)));
  }
}

TEST_CASE("a voice is no tone, not even in a word of one long vowel") {
  for (const auto* voice : {"slt", "rms"}) {
    for (const auto* text : {"two", "two two two", "no", "one", "eight", "yes", "moo", "who knew", "main menu"}) {
      INFO(voice << ": " << text);
      CHECK_FALSE(is_tone(spoken(voice, text)));
    }
  }
}

TEST_CASE("noise, silence and next to nothing are no tones") {
  CHECK_FALSE(is_tone(play({"none", {}, 1, 2}, 0, 1'000)));
  CHECK_FALSE(is_tone(Samples(8'000)));
  CHECK_FALSE(is_tone(Samples(100, 1'000)));
  CHECK_FALSE(is_tone({}));
}
