#include "unit/media/keeping_sink.hpp"

#include <trunkline/media/stream.hpp>

#include <catch2/catch.hpp>

#include <limits>

namespace trunkline::media {
namespace {

using namespace std::chrono_literals;

using Kept = KeepingSink::Kept;
constexpr MonoTime start{std::chrono::hours(5)};
constexpr std::uint32_t frame_samples = 160;

// A stream with one sink, and a carrier that sends 20 ms frames of one byte value.
struct Fixture {
  Format format;
  std::shared_ptr<KeepingSink> sink = std::make_shared<KeepingSink>();
  Stream stream{format, start};

  Fixture() { stream.add_sink(sink); }

  void frame(std::int64_t timestamp_ms, std::uint8_t value, Track track = Track::inbound, milliseconds at = {},
             std::size_t bytes = frame_samples) {
    stream.receive(track, timestamp_ms, std::vector<std::uint8_t>(bytes, value), start + at);
  }
  void play(milliseconds at, std::uint8_t value, std::size_t bytes = frame_samples) {
    stream.played(std::vector<std::uint8_t>(bytes, value), start + at);
  }
  const TrackCounters& inbound() const { return stream.counters(Track::inbound); }
  std::vector<Kept> take() { return std::exchange(sink->kept, {}); }
};

Kept audio(std::int64_t position, std::uint8_t value, std::uint32_t samples = frame_samples,
           Track track = Track::inbound, FrameKind kind = FrameKind::audio) {
  return {track, kind, position, samples, std::vector<std::uint8_t>(samples, value)};
}
Kept silence(std::int64_t position, std::uint32_t samples, Track track = Track::inbound) {
  return {track, FrameKind::silence, position, samples, {}};
}

}  // namespace

TEST_CASE("The first timestamp is the start of the timeline") {
  Fixture f;
  f.frame(171, 1);
  f.frame(191, 2);
  CHECK(f.take() == std::vector{audio(0, 1), audio(160, 2)});
  CHECK(f.inbound().frames == 2);
  CHECK(f.stream.duration_ms() == 40);
}

TEST_CASE("A gap is given as silence and then the audio, exact to the sample") {
  Fixture f;
  f.frame(171, 1);
  f.frame(171 + 20 + 33, 2);
  CHECK(f.take() == std::vector{audio(0, 1), silence(160, 264), audio(424, 2)});
  CHECK(f.inbound().gaps == 1);
  CHECK(f.inbound().gap_samples == 264);
}

TEST_CASE("One lost frame is a gap although it is no longer than the tolerance of a timestamp") {
  Fixture f;
  f.frame(0, 1);
  f.frame(40, 3);
  CHECK(f.take() == std::vector{audio(0, 1), silence(160, 160), audio(320, 3)});
}

TEST_CASE("A timestamp that is off by less than half a frame continues the track") {
  Fixture f;
  f.frame(0, 1);
  f.frame(29, 2);
  f.frame(31, 3);
  CHECK(f.take() == std::vector{audio(0, 1), audio(160, 2), audio(320, 3)});
}

TEST_CASE("Short frames are not taken for continuing ones when they are repeated") {
  Fixture f;
  f.frame(0, 1, Track::inbound, {}, 40);
  f.frame(5, 2, Track::inbound, {}, 40);
  f.frame(5, 2, Track::inbound, {}, 40);
  CHECK(f.take() == std::vector{audio(0, 1, 40), audio(40, 2, 40)});
  CHECK(f.inbound().duplicates == 1);
}

TEST_CASE("A repeated frame is dropped and counted") {
  Fixture f;
  f.frame(0, 1);
  f.frame(20, 2);
  f.frame(20, 2);
  f.frame(0, 1);
  CHECK(f.take().size() == 2);
  CHECK(f.inbound().duplicates == 2);
}

TEST_CASE("The part of a frame that was there already is cut off") {
  Fixture f;
  f.frame(0, 1);
  f.frame(8, 2);
  CHECK(f.take() == std::vector{audio(0, 1), audio(160, 2, 64)});
  CHECK(f.inbound().trimmed == 1);
}

TEST_CASE("A frame of a missing stretch is late, once") {
  Fixture f;
  f.frame(0, 1);
  f.frame(60, 4);
  f.frame(40, 3);
  f.frame(40, 3);
  f.frame(20, 2);
  CHECK(f.take() == std::vector{audio(0, 1), silence(160, 320), audio(480, 4),
                                audio(320, 3, 160, Track::inbound, FrameKind::late),
                                audio(160, 2, 160, Track::inbound, FrameKind::late)});
  CHECK(f.inbound().late == 2);
  CHECK(f.inbound().duplicates == 1);
}

TEST_CASE("Only the missing part of a late frame is given") {
  Fixture f;
  f.frame(0, 1);
  f.frame(30, 3);
  f.frame(15, 2);
  CHECK(f.take() == std::vector{audio(0, 1), audio(160, 3)});
  f.frame(80, 4);
  f.frame(30, 9);
  CHECK(f.take() == std::vector{silence(320, 320), audio(640, 4), audio(320, 9, 80, Track::inbound, FrameKind::late)});
}

TEST_CASE("Several missing stretches are remembered") {
  Fixture f;
  for (const int frame : {0, 2, 4, 6, 8}) f.frame(frame * 20, 1);
  for (const int frame : {7, 1, 5, 3}) f.frame(frame * 20, 2);
  CHECK(f.inbound().late == 4);
  CHECK(f.inbound().duplicates == 0);
}

TEST_CASE("Both tracks stand on one timeline") {
  Fixture f;
  f.frame(100, 1, Track::inbound);
  f.frame(140, 2, Track::outbound);
  CHECK(f.take() == std::vector{audio(0, 1), silence(0, 320, Track::outbound), audio(320, 2, 160, Track::outbound)});
  CHECK(f.stream.counters(Track::outbound).gaps == 0);
}

TEST_CASE("What a track has before the start of the timeline is cut off") {
  Fixture f;
  f.frame(100, 1, Track::inbound);
  f.frame(70, 2, Track::outbound);
  f.frame(88, 3, Track::outbound);
  CHECK(f.take() == std::vector{audio(0, 1), audio(0, 3, 64, Track::outbound)});
  CHECK(f.stream.counters(Track::outbound).duplicates == 1);
}

TEST_CASE("A jump that is too far is placed by its time of arrival") {
  Fixture f;
  f.frame(1000, 1);
  f.frame(1020, 2, Track::inbound, 20ms);
  SECTION("forward") {
    f.frame(99'999'999, 3, Track::inbound, 140ms);
  }
  SECTION("backward") {
    f.frame(-99'999'999, 3, Track::inbound, 140ms);
  }
  SECTION("to the ends of the numbers") {
    f.frame(std::numeric_limits<std::int64_t>::max(), 3, Track::inbound, 140ms);
  }
  SECTION("to the other end") {
    f.frame(std::numeric_limits<std::int64_t>::min(), 3, Track::inbound, 140ms);
  }
  CHECK(f.take() == std::vector{audio(0, 1), audio(160, 2), silence(320, 800), audio(1120, 3)});
  CHECK(f.inbound().rebased == 1);
}

TEST_CASE("After a jump the new timestamps are followed") {
  Fixture f;
  f.frame(0, 1);
  f.frame(5'000'000, 2, Track::inbound, 20ms);
  f.frame(5'000'020, 3, Track::inbound, 40ms);
  f.frame(5'000'080, 4, Track::inbound, 100ms);
  CHECK(f.take() == std::vector{audio(0, 1), audio(160, 2), audio(320, 3), silence(480, 320), audio(800, 4)});
  CHECK(f.inbound().rebased == 1);
}

TEST_CASE("A jump by a burst without time passing continues the track") {
  Fixture f;
  f.frame(0, 1);
  f.frame(20, 2);
  f.frame(-40'000, 3);
  CHECK(f.take().back() == audio(320, 3));
}

TEST_CASE("Payloads without a whole number of samples are ignored and counted") {
  Fixture f;
  f.frame(0, 1, Track::inbound, {}, 0);
  CHECK(f.inbound().malformed == 1);

  auto sink = std::make_shared<KeepingSink>();
  Stream pcm({Encoding::pcm16, 16000}, start);
  pcm.add_sink(sink);
  pcm.receive(Track::inbound, 0, std::vector<std::uint8_t>(641), start);
  CHECK(sink->kept.empty());
  pcm.receive(Track::inbound, 0, std::vector<std::uint8_t>(640), start);
  pcm.receive(Track::inbound, 15, std::vector<std::uint8_t>(640, 7), start);
  CHECK(pcm.counters(Track::inbound).malformed == 1);
  REQUIRE(sink->kept.size() == 2);
  CHECK(sink->kept[1].position == 320);
  CHECK(sink->kept[1].samples == 320);
}

TEST_CASE("A PCM frame is cut at a sample, not at a byte") {
  auto sink = std::make_shared<KeepingSink>();
  Stream pcm({Encoding::pcm16, 16000}, start);
  pcm.add_sink(sink);
  pcm.receive(Track::inbound, 0, std::vector<std::uint8_t>(640), start);
  pcm.receive(Track::inbound, 9, std::vector<std::uint8_t>(640, 7), start);
  CHECK(sink->kept.back().samples == 144);
  CHECK(sink->kept.back().data.size() == 288);
}

TEST_CASE("What we play ends at the carrier's clock") {
  Fixture f;
  f.frame(0, 1, Track::inbound, 0ms);
  f.frame(20, 2, Track::inbound, 20ms);
  f.play(100ms, 9);  // the carrier's clock is 20 ms ahead of ours since its first frame was complete at 0
  CHECK(f.take().back() == audio(800, 9, 160, Track::outbound));
}

TEST_CASE("What we play without a pause stays together however the timers jitter") {
  Fixture f;
  f.frame(0, 1);
  f.play(100ms, 1);
  f.play(133ms, 2);
  f.play(140ms, 3);
  f.play(300ms, 4);
  CHECK(f.take() == std::vector{audio(0, 1), silence(0, 800, Track::outbound), audio(800, 1, 160, Track::outbound),
                                audio(960, 2, 160, Track::outbound), audio(1120, 3, 160, Track::outbound),
                                silence(1280, 1120, Track::outbound), audio(2400, 4, 160, Track::outbound)});
  CHECK(f.stream.counters(Track::outbound).gaps == 0);
}

TEST_CASE("A carrier that was slow for a moment does not pull our own audio back") {
  Fixture f;
  f.frame(0, 1, Track::inbound, 0ms);
  f.frame(20, 1, Track::inbound, 170ms);  // 150 ms of delay on the way
  f.play(400ms, 9);
  CHECK(f.take().back().position == 8 * (400 + 20) - 160 - 1);
}

TEST_CASE("A carrier that runs ahead of its first frame moves the clock at once") {
  Fixture f;
  f.frame(0, 1, Track::inbound, 0ms);
  f.frame(20, 1, Track::inbound, 0ms);
  f.play(400ms, 9);
  CHECK(f.take().back().position == 8 * (400 + 40) - 160);
}

TEST_CASE("A stream in which we speak first starts with our audio") {
  Fixture f;
  f.play(1000ms, 9);
  f.frame(5171, 1, Track::inbound, 1100ms);
  CHECK(f.take() == std::vector{audio(0, 9, 160, Track::outbound), silence(0, 800), audio(800, 1)});
}

TEST_CASE("Every sink gets every frame until it is removed, and the batches' ends") {
  Fixture f;
  auto second = std::make_shared<KeepingSink>();
  f.stream.add_sink(second);
  f.frame(0, 1);
  f.stream.end_batch();
  f.stream.remove_sink(*f.sink);
  f.frame(20, 2);
  f.stream.end_batch();
  CHECK(f.sink->kept.size() == 1);
  CHECK(f.sink->batches == 1);
  CHECK(second->kept.size() == 2);
  CHECK(second->batches == 2);
  CHECK(f.stream.sinks().size() == 1);
}

TEST_CASE("A stream ends once and takes nothing afterwards") {
  Fixture f;
  f.frame(0, 1);
  CHECK(f.stream.end(EndCause::stop));
  CHECK_FALSE(f.stream.end(EndCause::closed));
  f.frame(20, 2);
  f.play(20ms, 3);
  f.stream.end_batch();
  CHECK(f.sink->ends == std::vector{EndCause::stop});
  CHECK(f.sink->kept.size() == 1);
  CHECK(f.sink->batches == 0);
  CHECK(f.inbound().frames == 1);
}

TEST_CASE("a further participant has a track from the first word on, at its place, however late that is") {
  Fixture f;
  constexpr Track further = further_track(0);
  for (int i = 0; i < 3'000; ++i) f.frame(171 + i * 20, 1, Track::inbound, milliseconds{i * 20});
  CHECK(f.stream.tracks() == 2);
  f.take();
  f.frame(171 + 59'980, 7, further, 59'980ms);
  f.frame(171 + 60'000, 8, further, 60'000ms);
  const std::int64_t position = 59'980 * 8;
  CHECK(f.take() == std::vector{silence(0, static_cast<std::uint32_t>(position), further),
                                audio(position, 7, frame_samples, further),
                                audio(position + 160, 8, frame_samples, further)});
  REQUIRE(f.stream.tracks() == 3);
  CHECK(f.stream.counters(further).gaps == 0);
  CHECK(f.stream.counters(further).rebased == 0);
  CHECK(f.stream.duration_ms() == 60'020);
}

}  // namespace trunkline::media
