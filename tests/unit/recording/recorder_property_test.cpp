#include "unit/recording/fixture.hpp"

#include <trunkline/media/g711.hpp>
#include <trunkline/media/stream.hpp>
#include <trunkline/recording/recorder.hpp>

#include <algorithm>
#include <random>

namespace trunkline::recording {
namespace {

constexpr MonoTime start{std::chrono::hours(1)};
constexpr int frame_count = 500;  // ten seconds

struct Sent {
  double order;
  media::Track track;
  int number;
};

std::uint8_t value_of(media::Track track, int number) {
  return static_cast<std::uint8_t>(number % 120 + (track == media::Track::inbound ? 1 : 129));
}

// Both tracks, one of them behind by up to two seconds, with loss, repetition and disorder.
std::vector<Sent> disturbed(std::mt19937& random) {
  const auto pick = [&](int limit) { return static_cast<int>(random() % static_cast<unsigned>(limit)); };
  const double behind = pick(100);
  const int disorder = 1 + pick(6);
  std::vector<Sent> sent;
  for (int number = 0; number < frame_count; ++number) {
    for (const auto track : {media::Track::inbound, media::Track::outbound}) {
      const int roll = number == 0 ? 1 : pick(10);
      const double base = number + (track == media::Track::outbound ? behind : 0.0);
      for (int copy = roll == 0 ? 0 : roll == 9 ? 2 : 1; copy > 0; --copy) {
        sent.push_back({number == 0 ? base - 1 : base + pick(disorder * 10) / 10.0, track, number});
      }
    }
  }
  std::ranges::stable_sort(sent, {}, &Sent::order);
  return sent;
}

}  // namespace

TEST_CASE("Whatever the order, loss and repetition, every frame that came is in the file at its place") {
  const TemporaryFolder folder;
  ThreadPool pool("writers", 2, 100);
  for (unsigned seed = 0; seed < 60; ++seed) {
    std::mt19937 random(seed);
    Outcome outcome;
    media::Stream stream({}, start);
    stream.add_sink(make_recorder(folder / "r.wav", {}, {pool, pool}, outcome.callback()));
    std::array<std::vector<std::int16_t>, 2> expected;
    for (const Sent& frame : disturbed(random)) {
      const auto value = value_of(frame.track, frame.number);
      stream.receive(frame.track, 171 + frame.number * 20, std::vector<std::uint8_t>(160, value), start);
      auto& samples = expected[media::index(frame.track)];
      const auto from = static_cast<std::size_t>(frame.number) * 160;
      samples.resize(std::max(samples.size(), from + 160));
      std::fill_n(samples.begin() + static_cast<std::ptrdiff_t>(from), 160, media::mulaw_table[value]);
    }
    stream.end(media::EndCause::stop);
    REQUIRE(outcome.wait().has_value());

    INFO("seed " << seed);
    const auto length = std::max(expected[0].size(), expected[1].size());
    for (auto& samples : expected) samples.resize(length);
    const auto audio = read_wav(folder / "r.wav");
    REQUIRE(audio.has_value());
    REQUIRE((channel(*audio, 0) == expected[0]));
    REQUIRE((channel(*audio, 1) == expected[1]));
  }
}

}  // namespace trunkline::recording
