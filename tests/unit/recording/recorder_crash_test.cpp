#include "unit/recording/fixture.hpp"

#include <trunkline/base/crypto.hpp>
#include <trunkline/media/g711.hpp>
#include <trunkline/recording/recorder.hpp>

namespace trunkline::recording {
namespace {

using media::FrameKind;
using media::Track;

std::uint8_t value_of(int frame) {
  return static_cast<std::uint8_t>(frame % 100 + 1);
}

// Records `frames` frames of the caller and copies the file as a crash would leave it.
void record_and_crash(const TemporaryFolder& folder, int frames, const std::filesystem::path& left_behind,
                      media::Format format = {}) {
  ThreadPool pool("writers", 1, 100);
  const auto sink = make_recorder(folder / "live.wav", format, {pool, pool}, [](const Result<FileFacts>&) {});
  const auto samples = static_cast<std::uint32_t>(format.samples(20));
  for (int i = 0; i < frames; ++i) {
    const std::vector<std::uint8_t> data(samples * format.sample_bytes(), value_of(i));
    sink->on_frame({Track::inbound, FrameKind::audio, std::int64_t{samples} * i, samples, data, {}});
  }
  settle(pool);
  std::filesystem::copy_file(folder / "live.wav", left_behind, std::filesystem::copy_options::overwrite_existing);
}

void append(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::app) << bytes;
}

}  // namespace

TEST_CASE("After a crash at any moment the file plays up to the last 800 ms, before it was repaired and after") {
  const TemporaryFolder folder;
  const auto path = folder / "left.wav";
  for (const int frames : {0, 1, 24, 25, 39, 40, 41, 80, 110, 333}) {
    record_and_crash(folder, frames, path);
    const auto before = read_wav(path);
    REQUIRE(before.has_value());
    const auto heard = channel(*before, 0);
    INFO(frames << " frames given, " << heard.size() / 160 << " on disk");
    REQUIRE(std::ssize(heard) >= (frames - 40) * 160);
    for (std::size_t i = 0; i < heard.size(); ++i) {
      if (heard[i] != media::mulaw_table[value_of(static_cast<int>(i / 160))]) FAIL("sample " << i);
    }

    const auto facts = repair(path);
    REQUIRE(facts.has_value());
    CHECK(facts->duration_ms == std::ssize(heard) / 8);
    CHECK(facts->sha256 == crypto::hex(crypto::sha256(content(path))));
    CHECK(read_wav(path)->samples == before->samples);
  }
}

TEST_CASE("A wideband recording survives a crash as well, at its rate") {
  const TemporaryFolder folder;
  const auto path = folder / "left.wav";
  for (const std::uint32_t rate : {16'000U, 24'000U}) {
    const auto samples = rate / 50;
    for (const int frames : {0, 1, 41, 333}) {
      record_and_crash(folder, frames, path, {media::Encoding::pcm16, rate});
      append(path, std::string(4 * 100 + 3, '\0'));  // of a block that was written in part, without its header
      const auto facts = repair(path);
      REQUIRE(facts.has_value());
      const auto audio = read_wav(path);
      REQUIRE(audio.has_value());
      CHECK(audio->sample_rate == rate);
      CHECK(facts->sample_rate == static_cast<int>(rate));
      const auto heard = channel(*audio, 0);
      INFO(rate << " Hz, " << frames << " frames given, " << heard.size() / samples << " on disk");
      CHECK(facts->duration_ms == std::ssize(heard) * 1'000 / rate);
      REQUIRE(std::ssize(heard) >= std::int64_t{frames - 40} * samples + 100);
      for (std::size_t i = 0; i + 100 < heard.size(); ++i) {
        const auto value = value_of(static_cast<int>(i / samples));
        if (heard[i] != static_cast<std::int16_t>(value << 8 | value)) FAIL("sample " << i);
      }
    }
  }
}

TEST_CASE("A repair takes the length from the file, cuts half a frame off, and changes nothing the second time") {
  const TemporaryFolder folder;
  const auto path = folder / "left.wav";
  record_and_crash(folder, 100, path);
  const auto whole = content(path);
  append(path, std::string("\1\0\2\0\3\0\4", 7));  // a block that was written in part, without its header

  const auto facts = repair(path);
  REQUIRE(facts.has_value());
  CHECK(facts->size_bytes == static_cast<std::int64_t>(whole.size()) + 4);
  const auto repaired = content(path);
  CHECK(static_cast<std::int64_t>(repaired.size()) == facts->size_bytes);
  CHECK(read_wav(path)->samples.back() == 2);

  const auto again = repair(path);
  REQUIRE(again.has_value());
  CHECK(again->sha256 == facts->sha256);
  CHECK(content(path) == repaired);
}

TEST_CASE("A finished recording is not changed by a repair") {
  const TemporaryFolder folder;
  Outcome outcome;
  ThreadPool pool("writers", 1, 100);
  const auto sink = make_recorder(folder / "r.wav", {}, {pool, pool}, outcome.callback());
  sink->on_frame({Track::inbound, FrameKind::silence, 0, 12345, {}, {}});
  sink->on_end(media::EndCause::stop);
  const auto finished = outcome.wait();
  REQUIRE(finished.has_value());
  const auto repaired = repair(folder / "r.wav");
  REQUIRE(repaired.has_value());
  CHECK(repaired->sha256 == finished->sha256);
  CHECK(repaired->duration_ms == finished->duration_ms);
}

TEST_CASE("What is no recording is not touched") {
  const TemporaryFolder folder;
  CHECK(repair(folder / "absent.wav").error().code == "recording_missing");
  append(folder / "empty.wav", "");
  CHECK(repair(folder / "empty.wav").error().code == "recording_damaged");
  append(folder / "text.wav", std::string(100, 'x'));
  CHECK(repair(folder / "text.wav").error().code == "recording_damaged");
  REQUIRE(write_wav(folder / "mono.wav", {1, 8000, {1, 2, 3}}).has_value());
  const auto mono = content(folder / "mono.wav");
  CHECK(repair(folder / "mono.wav").error().code == "recording_damaged");
  CHECK(content(folder / "mono.wav") == mono);
}

TEST_CASE("A crash while a recording gets another channel leaves it as it was, and nothing beside it") {
  const TemporaryFolder folder;
  const auto path = folder / "left.wav";
  record_and_crash(folder, 100, path);
  std::ofstream(path.string() + ".wider") << "half of it";
  const auto facts = repair(path);
  REQUIRE(facts.has_value());
  CHECK(facts->channels == 2);
  CHECK_FALSE(std::filesystem::exists(path.string() + ".wider"));
}

TEST_CASE("A recording of four channels is repaired with all of them") {
  const TemporaryFolder folder;
  const auto path = folder / "left.wav";
  std::vector<std::int16_t> samples(400);
  for (std::size_t i = 0; i < samples.size(); ++i) samples[i] = static_cast<std::int16_t>(i);
  REQUIRE(write_wav(path, {4, 16'000, samples}).has_value());
  append(path, "half");  // of a frame
  const auto facts = repair(path);
  REQUIRE(facts.has_value());
  CHECK(facts->channels == 4);
  CHECK(facts->size_bytes == 44 + 800);
  CHECK(read_wav(path)->samples == samples);
}

}  // namespace trunkline::recording
