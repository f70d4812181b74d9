#include <catch2/catch.hpp>

#include <adapters/pocketsphinx/utterance_cutter.hpp>
#include <array>

using trunkline::adapters::Utterance;
using trunkline::adapters::UtteranceCutter;

namespace {

constexpr std::int64_t frame = UtteranceCutter::frame_samples;

/// Feeds frames whose samples carry the frame's number, so that what was cut can be recognised.
struct Feeder {
  UtteranceCutter cutter;
  std::int64_t next = 0;
  std::vector<Utterance> cut;

  void feed(int frames, bool speech) {
    for (int i = 0; i < frames; ++i, ++next) {
      std::array<std::int16_t, frame> samples;
      samples.fill(static_cast<std::int16_t>(next));
      if (auto utterance = cutter.add(samples, next * frame, speech)) cut.push_back(std::move(*utterance));
    }
  }
};

}  // namespace

TEST_CASE("an utterance has its lead-in, its tail and the times of its speech") {
  Feeder feeder;
  feeder.feed(50, false);
  feeder.feed(40, true);
  feeder.feed(29, false);
  CHECK(feeder.cut.empty());
  feeder.feed(1, false);
  REQUIRE(feeder.cut.size() == 1);
  const auto& utterance = feeder.cut[0];
  CHECK(utterance.speech_begin == 50 * frame);
  CHECK(utterance.speech_end == 90 * frame);
  CHECK(utterance.audio.front() == 50 - 15);
  CHECK(utterance.audio.back() == 90 + 10 - 1);
  CHECK(utterance.audio.size() == (15 + 40 + 10) * frame);
}

TEST_CASE("a click is not speech") {
  Feeder feeder;
  for (int i = 0; i < 20; ++i) {
    feeder.feed(5, true);
    feeder.feed(10, false);
  }
  CHECK(feeder.cut.empty());
  CHECK_FALSE(feeder.cutter.finish());
}

TEST_CASE("a short pause does not end an utterance, and the next one is another") {
  Feeder feeder;
  feeder.feed(20, true);
  feeder.feed(25, false);
  feeder.feed(20, true);
  feeder.feed(40, false);
  feeder.feed(20, true);
  feeder.feed(40, false);
  REQUIRE(feeder.cut.size() == 2);
  CHECK(feeder.cut[0].speech_begin == 0);
  CHECK(feeder.cut[0].speech_end == 65 * frame);
  CHECK(feeder.cut[1].speech_begin == 105 * frame);
  CHECK(feeder.cut[1].speech_end == 125 * frame);
}

TEST_CASE("endless speech is cut after 15 seconds and goes on in the next utterance") {
  Feeder feeder;
  feeder.feed(1'600, true);
  REQUIRE(feeder.cut.size() == 2);
  CHECK(feeder.cut[0].audio.size() == 750 * frame);
  CHECK(feeder.cut[1].speech_begin == feeder.cut[0].speech_end);
}

TEST_CASE("a hole in the audio ends the utterance at its edge") {
  Feeder feeder;
  feeder.feed(20, true);
  feeder.next += 500;
  feeder.feed(1, false);
  REQUIRE(feeder.cut.size() == 1);
  CHECK(feeder.cut[0].speech_end == 20 * frame);
  CHECK(feeder.cut[0].audio.size() == 20 * frame);
}

TEST_CASE("what is open at the end is given, once") {
  Feeder feeder;
  feeder.feed(20, true);
  const auto last = feeder.cutter.finish();
  REQUIRE(last);
  CHECK(last->speech_end == 20 * frame);
  CHECK_FALSE(feeder.cutter.finish());
}
