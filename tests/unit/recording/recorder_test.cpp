#include "unit/recording/fixture.hpp"

#include <trunkline/base/crypto.hpp>
#include <trunkline/media/g711.hpp>
#include <trunkline/media/stream.hpp>
#include <trunkline/recording/recorder.hpp>

namespace trunkline::recording {
namespace {

using namespace std::chrono_literals;
using media::FrameKind;
using media::Track;

// One recording of mu-law at 8 kHz, given frame by frame.
struct Fixture {
  TemporaryFolder folder;
  std::filesystem::path path = folder / "2026/11/20/rec.wav";
  ThreadPool pool{"writers", 1, 100};
  Outcome outcome;
  std::shared_ptr<media::Sink> sink;

  void start(RecorderLimits limits = {}) { sink = make_recorder(path, {}, {pool, pool}, outcome.callback(), limits); }
  void audio(Track track, std::int64_t position, std::uint8_t value, std::uint32_t samples = 160,
             FrameKind kind = FrameKind::audio) {
    sink->on_frame({track, kind, position, samples, std::vector<std::uint8_t>(samples, value), {}});
  }
  void silence(Track track, std::int64_t position, std::uint32_t samples) {
    sink->on_frame({track, FrameKind::silence, position, samples, {}, {}});
  }
  FileFacts finish() {
    sink->on_end(media::EndCause::stop);
    const auto facts = outcome.wait();
    REQUIRE(facts.has_value());
    return *facts;
  }
  WavAudio read() {
    auto audio = read_wav(path);
    REQUIRE(audio.has_value());
    return std::move(*audio);
  }
};

std::int16_t linear(std::uint8_t code) {
  return media::mulaw_table[code];
}

// Which sample of a track it is, in 16 bits.
std::int16_t counted(std::size_t position) {
  return static_cast<std::int16_t>(position);
}

// PCM of a track's frame in which each sample says its position.
std::vector<std::uint8_t> counting(std::uint32_t samples, int frame) {
  std::vector<std::uint8_t> bytes;
  for (std::size_t i = 0; i < samples; ++i) {
    const auto bits = static_cast<std::uint16_t>(counted(static_cast<std::size_t>(frame) * samples + i));
    bytes.push_back(static_cast<std::uint8_t>(bits & 0xFF));
    bytes.push_back(static_cast<std::uint8_t>(bits >> 8));
  }
  return bytes;
}

}  // namespace

TEST_CASE("The caller is left, we are right, each sample at its place, with true facts") {
  Fixture f;
  f.start();
  for (int i = 0; i < 200; ++i) {
    f.audio(Track::inbound, i * 160, 0x90);
    if (i % 2 == 0) f.audio(Track::outbound, i * 160 + 40, 0x10, 80);
  }
  const auto facts = f.finish();
  CHECK(facts.duration_ms == 4000);
  CHECK(facts.size_bytes == 44 + 32000 * 4);
  CHECK(facts.size_bytes == static_cast<std::int64_t>(std::filesystem::file_size(f.path)));
  CHECK(facts.sha256 == crypto::hex(crypto::sha256(content(f.path))));
  CHECK(facts.channels == 2);
  CHECK(facts.sample_rate == 8000);
  CHECK(facts.format == "wav");

  const auto audio = f.read();
  CHECK(channel(audio, 0) == std::vector<std::int16_t>(32000, linear(0x90)));
  const auto right = channel(audio, 1);
  REQUIRE(right.size() == 32000);
  for (std::size_t i = 0; i < right.size(); ++i) {
    const bool ours = i % 320 >= 40 && i % 320 < 120;
    if (right[i] != (ours ? linear(0x10) : 0)) FAIL("sample " << i);
  }
  CHECK(f.outcome.count() == 1);
  CHECK(f.sink->dropped() == 0);
}

TEST_CASE("PCM at another rate is written as it is") {
  TemporaryFolder folder;
  ThreadPool pool("writers", 1, 100);
  Outcome outcome;
  const auto sink = make_recorder(folder / "r.wav", {media::Encoding::pcm16, 16000}, {pool, pool}, outcome.callback());
  const std::vector<std::uint8_t> data{0x01, 0x80, 0xFF, 0x7F};
  sink->on_frame({Track::outbound, FrameKind::audio, 16000, 2, data, {}});
  sink->on_end(media::EndCause::stop);
  REQUIRE(outcome.wait().has_value());
  const auto audio = read_wav(folder / "r.wav");
  REQUIRE(audio.has_value());
  CHECK(audio->sample_rate == 16000);
  REQUIRE(audio->samples.size() == 2 * 16002);
  CHECK(audio->samples[2 * 16000 + 1] == -32767);
  CHECK(audio->samples[2 * 16001 + 1] == 32767);
}

TEST_CASE("A wideband recording plays at its rate: header, duration and every sample, patched in late or not") {
  for (const std::uint32_t rate : {16'000U, 24'000U}) {
    INFO(rate);
    const media::Format format{media::Encoding::pcm16, rate};
    const auto samples = static_cast<std::uint32_t>(format.samples(20));
    TemporaryFolder folder;
    ThreadPool pool("writers", 1, 100);
    Outcome outcome;
    const auto sink = make_recorder(folder / "r.wav", format, {pool, pool}, outcome.callback());
    const auto give = [&](Track track, int frame, FrameKind kind = FrameKind::audio) {
      sink->on_frame({track, kind, std::int64_t{samples} * frame, samples, counting(samples, frame), {}});
    };
    for (int i = 0; i < 250; ++i) {
      if (i == 10) {
        sink->on_frame({Track::inbound, FrameKind::silence, std::int64_t{samples} * i, samples, {}, {}});
      } else {
        give(Track::inbound, i);
      }
      if (i >= 100) give(Track::outbound, i - 100);  // two seconds behind
    }
    give(Track::inbound, 10, FrameKind::late);
    sink->on_end(media::EndCause::stop);
    const auto facts = outcome.wait();
    REQUIRE(facts.has_value());
    CHECK(facts->duration_ms == 5'000);
    CHECK(facts->sample_rate == static_cast<int>(rate));
    CHECK(facts->size_bytes == 44 + std::int64_t{5} * rate * 4);
    CHECK(sink->dropped() == 0);

    const auto audio = read_wav(folder / "r.wav");
    REQUIRE(audio.has_value());
    CHECK(audio->sample_rate == rate);
    CHECK(audio->channels == 2);
    const auto left = channel(*audio, 0);
    const auto right = channel(*audio, 1);
    REQUIRE(left.size() == std::size_t{5} * rate);
    for (std::size_t at = 0; at < left.size(); ++at) {
      if (left[at] != counted(at)) FAIL("left, sample " << at);
      if (right[at] != (at < std::size_t{3} * rate ? counted(at) : 0)) FAIL("right, sample " << at);
    }
  }
}

TEST_CASE("A call without any audio is a valid empty recording") {
  Fixture f;
  f.start();
  const auto facts = f.finish();
  CHECK(facts.duration_ms == 0);
  CHECK(f.read().samples.empty());
}

TEST_CASE("Frames that come long after their time are patched in, whichever track they belong to") {
  Fixture f;
  f.start();
  for (int i = 0; i < 300; ++i) {
    if (i == 10) f.silence(Track::inbound, 1600, 160);
    if (i != 10) f.audio(Track::inbound, i * 160, 0x90);
  }
  for (int i = 0; i < 300; ++i) f.audio(Track::outbound, i * 160, 0x20);  // six seconds behind
  f.audio(Track::inbound, 1600, 0x91, 160, FrameKind::late);
  f.finish();
  const auto audio = f.read();
  std::vector<std::int16_t> left(48000, linear(0x90));
  std::fill_n(left.begin() + 1600, 160, linear(0x91));
  CHECK(channel(audio, 0) == left);
  CHECK(channel(audio, 1) == std::vector<std::int16_t>(48000, linear(0x20)));
}

TEST_CASE("A frame longer than the window is placed whole") {
  Fixture f;
  f.start();
  f.audio(Track::inbound, 100, 0x90, 30'000);
  f.audio(Track::outbound, 0, 0x20, 30'100);
  f.finish();
  const auto audio = f.read();
  std::vector<std::int16_t> left(30'100, linear(0x90));
  std::fill_n(left.begin(), 100, std::int16_t{0});
  CHECK(channel(audio, 0) == left);
  CHECK(channel(audio, 1) == std::vector<std::int16_t>(30'100, linear(0x20)));
}

TEST_CASE("Hours of silence cost neither memory nor disk") {
  Fixture f;
  f.start();
  const std::int64_t hours = std::int64_t{3} * 3600 * 8000;
  f.audio(Track::inbound, 0, 0x90);
  f.silence(Track::inbound, 160, static_cast<std::uint32_t>(hours));
  CHECK(f.sink->queued_bytes() < 100'000);
  f.audio(Track::inbound, hours + 160, 0x91);
  const auto facts = f.finish();
  CHECK(facts.duration_ms == 3 * 3600 * 1000 + 40);

  std::ifstream file(f.path, std::ios::binary);
  const auto sample_at = [&](std::int64_t position) {
    std::int16_t sample = 0;
    file.seekg(44 + position * 4);
    file.read(reinterpret_cast<char*>(&sample), 2);
    return sample;
  };
  CHECK(sample_at(159) == linear(0x90));
  CHECK(sample_at(160) == 0);
  CHECK(sample_at(hours + 159) == 0);
  CHECK(sample_at(hours + 160) == linear(0x91));
  CHECK(sample_at(hours + 319) == linear(0x91));
}

TEST_CASE("The silence at the end belongs to the recording") {
  Fixture f;
  f.start();
  f.audio(Track::inbound, 0, 0x90);
  f.silence(Track::outbound, 0, 8000);
  CHECK(f.finish().duration_ms == 1000);
  CHECK(f.read().samples.size() == 16000);
}

TEST_CASE("A recording is placed by the stream's timeline, gaps and our own audio included") {
  Fixture f;
  f.start();
  const MonoTime start{1h};
  media::Stream stream({}, start);
  stream.add_sink(f.sink);
  const std::vector<std::uint8_t> caller(160, 0x90);
  const std::vector<std::uint8_t> us(160, 0x20);
  for (int i = 0; i < 100; ++i) {
    if (i >= 40 && i < 50) continue;
    stream.receive(Track::inbound, 171 + i * 20, caller, start + i * 20ms);
    if (i >= 60 && i < 70) stream.played(us, start + i * 20ms);
  }
  stream.end(media::EndCause::stop);
  REQUIRE(f.outcome.wait().has_value());
  const auto audio = f.read();
  std::vector<std::int16_t> left(16000, linear(0x90));
  std::fill_n(left.begin() + 40 * 160, 10 * 160, std::int16_t{0});
  std::vector<std::int16_t> right(16000);
  std::fill_n(right.begin() + 60 * 160, 10 * 160, linear(0x20));
  CHECK(channel(audio, 0) == left);
  CHECK(channel(audio, 1) == right);
}

TEST_CASE("A disk that cannot take the file is told at once, once, with the reason, and the stream goes on") {
  Fixture f;
  SECTION("its folder is a file") {
    std::ofstream(f.folder / "2026") << "in the way";
    f.start();
    CHECK(f.outcome.wait().error().message.find("Not a directory") != std::string::npos);
  }
  SECTION("it is full") {
    std::filesystem::create_directories(f.path.parent_path());
    std::filesystem::create_symlink("/dev/full", f.path);
    f.start();
    CHECK(f.outcome.wait().error().message.find("No space left on device") != std::string::npos);
  }
  CHECK(f.outcome.wait().error().code == "disk_failed");
  for (int i = 0; i < 500; ++i) f.audio(Track::inbound, i * 160, 0x90);
  f.sink->on_end(media::EndCause::stop);
  settle(f.pool);
  CHECK(f.outcome.count() == 1);
  CHECK(f.sink->dropped() == 500);
  CHECK(f.sink->queued_bytes() == 0);
}

TEST_CASE("A disk that stands still holds nothing up; beyond the limit blocks are left out and counted") {
  Fixture f;
  {
    Gate gate(f.pool);
    f.start({.spill_bytes = 50'000});
    for (int i = 0; i < 500; ++i) f.audio(Track::inbound, i * 160, 0x90);
    CHECK(f.sink->queued_bytes() <= 50'000);
    CHECK(f.sink->queued_bytes() > 40'000);
    CHECK(f.sink->dropped() > 250);
    CHECK(f.sink->dropped() < 400);
  }
  const auto facts = f.finish();
  CHECK(facts.duration_ms == 10'000);
  const auto left = channel(f.read(), 0);
  REQUIRE(left.size() == 80'000);
  CHECK(left[0] == linear(0x90));
  CHECK(left[50'000] == 0);
  CHECK(left[79'999] == linear(0x90));
}

TEST_CASE("Writers that take no job at all do not lose the outcome") {
  TemporaryFolder folder;
  Outcome outcome;
  ThreadPool pool("writers", 1, 0);
  const auto sink = make_recorder(folder / "r.wav", {}, {pool, pool}, outcome.callback());
  sink->on_end(media::EndCause::stop);
  CHECK(outcome.wait().error().code == "overloaded");
}

TEST_CASE("Finishing a recording does not hold up the blocks of others") {
  Fixture others;
  TemporaryFolder folder;
  ThreadPool finishers("finishers", 1, 10);
  Outcome outcome;
  Gate gate(finishers);
  const auto ended = make_recorder(folder / "r.wav", {}, {others.pool, finishers}, outcome.callback());
  ended->on_end(media::EndCause::stop);
  others.start();
  for (int i = 0; i < 100; ++i) others.audio(Track::inbound, i * 160, 0x90);
  settle(others.pool);
  CHECK(std::filesystem::file_size(others.path) > 44 + 4 * 8000);  // what may be in memory is a second
  CHECK(outcome.count() == 0);
  gate.open();
  CHECK(outcome.wait().has_value());
  others.finish();
}

TEST_CASE("A recording for which the finishers have no place is finished all the same") {
  TemporaryFolder folder;
  Outcome outcome;
  ThreadPool finishers("finishers", 1, 0);
  ThreadPool writers("writers", 1, 10);
  const auto sink = make_recorder(folder / "r.wav", {}, {writers, finishers}, outcome.callback());
  sink->on_end(media::EndCause::stop);
  CHECK(outcome.wait().has_value());
}

TEST_CASE("Many recordings share few writers") {
  TemporaryFolder folder;
  constexpr int count = 20;
  std::vector<Outcome> outcomes(count);
  ThreadPool pool("writers", 3, 100);
  std::vector<std::shared_ptr<media::Sink>> sinks;
  for (int n = 0; n < count; ++n) {
    sinks.push_back(make_recorder(folder / (std::to_string(n) + ".wav"), {}, {pool, pool},
                                  outcomes[static_cast<std::size_t>(n)].callback()));
  }
  for (int i = 0; i < 300; ++i) {
    for (int n = 0; n < count; ++n) {
      const std::vector<std::uint8_t> data(160, static_cast<std::uint8_t>(n));
      sinks[static_cast<std::size_t>(n)]->on_frame({Track::inbound, FrameKind::audio, i * 160, 160, data, {}});
    }
  }
  for (const auto& sink : sinks) sink->on_end(media::EndCause::shutdown);
  sinks.clear();
  for (int n = 0; n < count; ++n) {
    REQUIRE(outcomes[static_cast<std::size_t>(n)].wait().has_value());
    const auto audio = read_wav(folder / (std::to_string(n) + ".wav"));
    REQUIRE(audio.has_value());
    CHECK(channel(*audio, 0) == std::vector<std::int16_t>(48000, linear(static_cast<std::uint8_t>(n))));
  }
}

TEST_CASE("A participant who joins gets a channel; what was said before stays in its place") {
  const int joins = GENERATE(0, 10, 500);  // frames: in the first window, and long after it is on the disk
  Fixture f;
  f.start();
  const Track third = media::further_track(1);
  for (int i = 0; i < 600; ++i) {
    f.audio(Track::inbound, i * 160, 0x90);
    if (i % 2 == 0) f.audio(Track::outbound, i * 160, 0x10);
    if (i == joins && i > 0) f.silence(third, 0, static_cast<std::uint32_t>(i) * 160);
    if (i >= joins) f.audio(third, i * 160, 0xA5);
    if (i == joins + 60) f.audio(Track::inbound, 160 * 5, 0x33, 160, FrameKind::late);
  }
  const auto facts = f.finish();
  CHECK(facts.channels == 4);
  CHECK(facts.size_bytes == 44 + 600 * 160 * 4 * 2);
  CHECK(facts.sha256 == crypto::hex(crypto::sha256(content(f.path))));
  const auto audio = f.read();
  REQUIRE(audio.channels == 4);
  const auto value_at = [&](std::size_t which, int frame) {
    return channel(audio, which)[static_cast<std::size_t>(frame) * 160 + 80];
  };
  CHECK(value_at(0, 4) == linear(0x90));
  CHECK(value_at(0, 5) == linear(0x33));
  CHECK(value_at(0, 599) == linear(0x90));
  CHECK(value_at(1, 4) == linear(0x10));
  CHECK(value_at(1, 5) == 0);
  CHECK(value_at(1, 598) == linear(0x10));
  CHECK(std::ranges::all_of(channel(audio, 2), [](std::int16_t sample) { return sample == 0; }));
  if (joins > 0) CHECK(value_at(3, joins - 1) == 0);
  CHECK(value_at(3, joins) == linear(0xA5));
  CHECK(value_at(3, 599) == linear(0xA5));
  CHECK_FALSE(std::filesystem::exists(f.path.string() + ".wider"));
}

}  // namespace trunkline::recording
