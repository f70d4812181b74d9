#include "unit/media/keeping_sink.hpp"

#include <trunkline/media/stream.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <map>
#include <random>

namespace trunkline::media {
namespace {

constexpr MonoTime start{std::chrono::hours(1)};
constexpr int frame_count = 400;

struct Sent {
  int number;
  std::int64_t timestamp_ms;
};

std::uint8_t value_of(int number) {
  return static_cast<std::uint8_t>(number % 251 + 1);
}

// Frames of 20 ms, some lost, some repeated, each at most `shuffle` places from where it belongs.
std::vector<Sent> disturbed(std::mt19937& random, int shuffle) {
  std::vector<std::pair<double, Sent>> order;
  std::uniform_real_distribution<double> displacement(0.0, shuffle);
  std::uniform_int_distribution<int> dice(0, 9);
  for (int number = 0; number < frame_count; ++number) {
    const int roll = number == 0 ? 1 : dice(random);
    const int copies = roll == 0 ? 0 : roll == 9 ? 2 : 1;
    for (int copy = 0; copy < copies; ++copy) {
      order.push_back({number == 0 ? -1.0 : number + displacement(random), {number, 500 + number * 20}});
    }
  }
  std::ranges::stable_sort(order, {}, &std::pair<double, Sent>::first);
  std::vector<Sent> sent;
  for (const auto& entry : order) sent.push_back(entry.second);
  return sent;
}

}  // namespace

TEST_CASE("Whatever the order, loss and repetition, each frame that is given is at its place, once, without holes") {
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    const auto sent = disturbed(random, 1 + static_cast<int>(seed % 8));
    auto sink = std::make_shared<KeepingSink>();
    Stream stream({}, start);
    stream.add_sink(sink);
    for (const Sent& frame : sent) {
      stream.receive(Track::inbound, frame.timestamp_ms, std::vector<std::uint8_t>(160, value_of(frame.number)), start);
    }

    INFO("seed " << seed);
    std::int64_t position = 0;
    std::map<std::int64_t, int> audio_at;
    for (const auto& kept : sink->kept) {
      if (kept.kind != FrameKind::silence) {
        REQUIRE(kept.position % 160 == 0);
        REQUIRE(kept.data == std::vector<std::uint8_t>(160, value_of(static_cast<int>(kept.position / 160))));
        REQUIRE(++audio_at[kept.position] == 1);
      }
      if (kept.kind == FrameKind::late) continue;
      REQUIRE(kept.position == position);
      position += kept.samples;
    }

    const auto& counters = stream.counters(Track::inbound);
    REQUIRE(counters.frames + counters.late + counters.duplicates == sent.size());
    // A stretch is forgotten only when eight later ones are missing, more than these disorders bring.
    std::map<int, int> distinct;
    for (const Sent& frame : sent) ++distinct[frame.number];
    REQUIRE(audio_at.size() == distinct.size());
  }
}

}  // namespace trunkline::media
