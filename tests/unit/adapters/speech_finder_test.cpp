#include <trunkline/media/g711.hpp>

#include <catch2/catch.hpp>

#include <adapters/flite/flite_voice.hpp>
#include <adapters/pocketsphinx/speech_finder.hpp>
#include <adapters/rate_change.hpp>
#include <cstdlib>
#include <iterator>

using namespace trunkline;
using adapters::AudioQueue;
using adapters::SpeechFinder;
using adapters::Utterance;

namespace {

std::vector<std::int16_t> spoken(std::uint32_t rate) {
  return adapters::change_rate(*adapters::speak_with_flite("rms", "check my balance"), 16'000, rate);
}

std::vector<std::uint8_t> spoken_mulaw() {
  const auto samples = spoken(8'000);
  std::vector<std::uint8_t> bytes(samples.size());
  media::encode_mulaw(samples, bytes.data());
  return bytes;
}

struct Track {
  SpeechFinder finder{media::Format{}};
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

namespace {

std::vector<std::uint8_t> as_pcm(const std::vector<std::int16_t>& samples) {
  std::vector<std::uint8_t> bytes;
  for (const auto sample : samples) {
    bytes.push_back(static_cast<std::uint8_t>(sample & 0xFF));
    bytes.push_back(static_cast<std::uint8_t>((sample >> 8) & 0xFF));
  }
  return bytes;
}

/// The phrase after `lead_in_ms` of a track that began with a gap of a length that is no whole number of 8 kHz samples.
std::vector<Utterance> find_at(std::uint32_t rate, std::int64_t lead_in_ms, std::size_t chunk_samples) {
  const media::Format format{media::Encoding::pcm16, rate};
  const auto bytes = as_pcm(spoken(rate));
  SpeechFinder finder(format);
  std::vector<Utterance> found;
  std::int64_t position = format.samples(lead_in_ms) + 1;
  for (std::size_t done = 0; done < bytes.size(); done += 2 * chunk_samples) {
    const auto data = std::span(bytes).subspan(done, std::min(2 * chunk_samples, bytes.size() - done));
    finder.add({position, static_cast<std::uint32_t>(data.size() / 2), false, data}, found);
    position += static_cast<std::int64_t>(data.size() / 2);
  }
  finder.add({position, rate, true, {}}, found);
  return found;
}

}  // namespace

TEST_CASE("16-bit audio of any rate is found at the same time, and comes out at 8 kHz") {
  const auto narrow = find_at(8'000, 5'000, 160);
  REQUIRE(narrow.size() == 1);
  for (const std::uint32_t rate : {16'000U, 24'000U}) {
    INFO(rate);
    const auto found = find_at(rate, 5'000, rate / 50);
    REQUIRE(found.size() == 1);
    CHECK(std::abs(found[0].speech_begin - narrow[0].speech_begin) <= 160);
    CHECK(std::abs(found[0].speech_end - narrow[0].speech_end) <= 160);
    CHECK(std::abs(std::ssize(found[0].audio) - std::ssize(narrow[0].audio)) <= 320);
    const auto in_pieces = find_at(rate, 5'000, 37);
    REQUIRE(in_pieces.size() == 1);
    CHECK((in_pieces[0].audio == found[0].audio));
    CHECK(in_pieces[0].speech_begin == found[0].speech_begin);
  }
}

TEST_CASE("times do not drift over gaps and hours") {
  const media::Format format{media::Encoding::pcm16, 24'000};
  const auto bytes = as_pcm(spoken(24'000));
  const auto samples = static_cast<std::uint32_t>(bytes.size() / 2);
  SpeechFinder finder(format);
  std::vector<Utterance> found;
  std::vector<std::int64_t> said_at;
  std::int64_t position = 0;
  for (int i = 0; i < 20; ++i) {
    const std::uint32_t pause = 24'000 * 600 + 1;
    finder.add({position, pause, true, {}}, found);
    position += pause;
    said_at.push_back(position / 3);
    finder.add({position, samples, false, bytes}, found);
    position += samples;
  }
  finder.finish(found);
  REQUIRE(found.size() == said_at.size());
  const auto delay = found[1].speech_begin - said_at[1];  // the detector gets used to the line in the first
  for (std::size_t i = 1; i < found.size(); ++i) CHECK(found[i].speech_begin - said_at[i] == Approx(delay).margin(1));
}
