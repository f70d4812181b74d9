#include <trunkline/media/g711.hpp>

#include <catch2/catch.hpp>

#include <adapters/flite/flite_voice.hpp>
#include <adapters/half_band.hpp>
#include <adapters/pocketsphinx/speech_finder.hpp>

using namespace trunkline;
using adapters::AudioQueue;
using adapters::SpeechFinder;
using adapters::Utterance;

namespace {

std::vector<std::uint8_t> spoken_mulaw() {
  const auto samples = adapters::halve_rate(*adapters::speak_with_flite("rms", "check my balance"));
  std::vector<std::uint8_t> bytes(samples.size());
  media::encode_mulaw(samples, bytes.data());
  return bytes;
}

struct Track {
  SpeechFinder finder{media::Encoding::mulaw};
  std::vector<Utterance> found;
  std::int64_t position = 0;

  void hear(std::span<const std::uint8_t> audio, std::uint32_t chunk_samples = 160) {
    for (std::size_t done = 0; done < audio.size(); done += chunk_samples) {
      const auto data = audio.subspan(done, std::min<std::size_t>(chunk_samples, audio.size() - done));
      finder.add({position, static_cast<std::uint32_t>(data.size()), false, data}, found);
      position += static_cast<std::int64_t>(data.size());
    }
  }
  void silence(std::uint32_t samples) {
    finder.add({position, samples, true, {}}, found);
    position += samples;
  }
};

}  // namespace

TEST_CASE("speech between silence is found where it is") {
  const auto speech = spoken_mulaw();
  Track track;
  track.silence(8'000);
  track.hear(speech);
  track.silence(8'000);
  REQUIRE(track.found.size() == 1);
  const auto& utterance = track.found[0];
  CHECK(utterance.speech_begin >= 8'000 - 800);
  CHECK(utterance.speech_begin <= 8'000 + 3'200);
  CHECK(utterance.speech_end >= 8'000 + static_cast<std::int64_t>(speech.size()) - 4'000);
  CHECK(utterance.speech_end <= 8'000 + static_cast<std::int64_t>(speech.size()) + 2'400);
  CHECK(utterance.audio.size() >= static_cast<std::size_t>(utterance.speech_end - utterance.speech_begin));
}

TEST_CASE("how the audio is cut into chunks changes nothing") {
  const auto speech = spoken_mulaw();
  Track whole;
  Track pieces;
  for (auto* track : {&whole, &pieces}) {
    track->silence(8'000);
    track->hear(speech, track == &whole ? 160 : 37);
    track->silence(8'000);
  }
  REQUIRE(whole.found.size() == 1);
  REQUIRE(pieces.found.size() == 1);
  CHECK((whole.found[0].audio == pieces.found[0].audio));
  CHECK(whole.found[0].speech_begin == pieces.found[0].speech_begin);
}

TEST_CASE("a long silence ends an utterance at once and is not walked through") {
  Track track;
  track.silence(8'000);
  track.hear(spoken_mulaw());
  track.silence(8'000 * 1'000);
  REQUIRE(track.found.size() == 1);
  const auto resumed = track.position;
  track.silence(8'000);
  track.hear(spoken_mulaw());
  track.finder.finish(track.found);
  REQUIRE(track.found.size() == 2);
  CHECK(track.found[1].speech_begin > resumed);
}

TEST_CASE("16-bit audio is found as well") {
  const auto samples = adapters::halve_rate(*adapters::speak_with_flite("rms", "check my balance"));
  std::vector<std::uint8_t> bytes;
  for (const auto sample : samples) {
    bytes.push_back(static_cast<std::uint8_t>(sample & 0xFF));
    bytes.push_back(static_cast<std::uint8_t>((sample >> 8) & 0xFF));
  }
  SpeechFinder finder(media::Encoding::pcm16);
  std::vector<Utterance> found;
  finder.add({0, static_cast<std::uint32_t>(samples.size()), false, bytes}, found);
  finder.finish(found);
  CHECK(found.size() == 1);
}
