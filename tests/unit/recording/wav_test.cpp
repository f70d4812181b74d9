#include "unit/recording/fixture.hpp"

#include <trunkline/recording/wav.hpp>

#include <cstring>

namespace trunkline::recording {
namespace {

using Bytes = std::vector<std::uint8_t>;

void add(Bytes& bytes, std::string_view text) {
  bytes.insert(bytes.end(), text.begin(), text.end());
}
void add(Bytes& bytes, std::uint32_t value, int count) {
  for (int i = 0; i < count; ++i) bytes.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

struct Description {
  std::uint32_t format = 1;
  std::uint32_t channels = 1;
  std::uint32_t rate = 8000;
  std::uint32_t bits = 16;
};

// A file with a chunk of odd length before its samples.
Bytes wav_file(const Description& is, const Bytes& data, std::uint32_t data_size, std::string_view extension = {}) {
  Bytes bytes;
  add(bytes, "RIFF");
  add(bytes, 0, 4);
  add(bytes, "WAVELIST");
  add(bytes, 3, 4);
  add(bytes, {"abc\0", 4});
  add(bytes, "fmt ");
  add(bytes, 16 + static_cast<std::uint32_t>(extension.size()), 4);
  add(bytes, is.format, 2);
  add(bytes, is.channels, 2);
  add(bytes, is.rate, 4);
  add(bytes, 0, 4);
  add(bytes, 0, 2);
  add(bytes, is.bits, 2);
  add(bytes, extension);
  add(bytes, "data");
  add(bytes, data_size, 4);
  bytes.insert(bytes.end(), data.begin(), data.end());
  return bytes;
}

std::filesystem::path save(const TemporaryFolder& folder, const Bytes& bytes) {
  const auto path = folder / "in.wav";
  std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char*>(bytes.data()), std::ssize(bytes));
  return path;
}

std::string error_of(const Bytes& bytes) {
  const auto parsed = parse_wav(bytes);
  return parsed ? "none" : parsed.error().code;
}

}  // namespace

TEST_CASE("A header is the canonical 44 bytes") {
  const auto header = make_wav_header(2, 8000, 32000);
  Bytes expected;
  add(expected, "RIFF");
  add(expected, 32036, 4);
  add(expected, "WAVEfmt ");
  add(expected, 16, 4);
  add(expected, 1, 2);
  add(expected, 2, 2);
  add(expected, 8000, 4);
  add(expected, 32000, 4);
  add(expected, 4, 2);
  add(expected, 16, 2);
  add(expected, "data");
  add(expected, 32000, 4);
  CHECK(Bytes(header.begin(), header.end()) == expected);

  const auto layout = parse_wav(header);
  REQUIRE(layout.has_value());
  CHECK(layout->channels == 2);
  CHECK(layout->data_offset == 44);
  CHECK(layout->data_bytes == 32000);
  CHECK(layout->frame_bytes() == 4);
}

TEST_CASE("Sizes that a header cannot hold are written as the largest it can") {
  const auto layout = parse_wav(make_wav_header(2, 8000, std::int64_t{1} << 40));
  REQUIRE(layout.has_value());
  CHECK(layout->data_bytes == wav_max_data_bytes);
}

TEST_CASE("PCM and mu-law files are read, with other chunks around") {
  const TemporaryFolder folder;
  SECTION("stereo PCM") {
    const auto audio =
        read_wav(save(folder, wav_file({.channels = 2, .rate = 16000}, {1, 0, 2, 0, 255, 255, 0, 128}, 8)));
    REQUIRE(audio.has_value());
    CHECK(audio->channels == 2);
    CHECK(audio->sample_rate == 16000);
    CHECK(audio->samples == std::vector<std::int16_t>{1, 2, -1, -32768});
  }
  SECTION("mono mu-law") {
    const auto audio = read_wav(save(folder, wav_file({.format = 7, .bits = 8}, {0xFF, 0x80, 0x00}, 3)));
    REQUIRE(audio.has_value());
    CHECK(audio->samples == std::vector<std::int16_t>{0, 32124, -32124});
  }
  SECTION("extensible PCM") {
    const std::string extension("\x16\0\x10\0\0\0\0\0\x01\0\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71", 24);
    const auto audio = read_wav(save(folder, wav_file({.format = 0xFFFE}, {5, 0}, 2, extension)));
    REQUIRE(audio.has_value());
    CHECK(audio->samples == std::vector<std::int16_t>{5});
  }
  SECTION("a file that was cut, or that says its length is unknown") {
    const auto audio = read_wav(save(folder, wav_file({.channels = 2}, {1, 0, 2, 0, 3, 0}, 0xFFFFFFFF)));
    REQUIRE(audio.has_value());
    CHECK(audio->samples == std::vector<std::int16_t>{1, 2});
  }
}

TEST_CASE("Files that cannot be read are refused with the reason") {
  CHECK(error_of({}) == "wav_invalid");
  CHECK(error_of(Bytes(100, 0)) == "wav_invalid");
  CHECK(error_of(wav_file({.format = 3, .bits = 32}, {}, 0)) == "wav_unsupported");
  CHECK(error_of(wav_file({.bits = 8}, {}, 0)) == "wav_unsupported");
  CHECK(error_of(wav_file({.channels = 10}, {}, 0)) == "wav_unsupported");
  CHECK(error_of(wav_file({.channels = 0}, {}, 0)) == "wav_unsupported");
  CHECK(error_of(wav_file({.rate = 0}, {}, 0)) == "wav_unsupported");
  CHECK(error_of(wav_file({}, {}, 0)) == "none");

  const TemporaryFolder folder;
  CHECK(read_wav(folder / "absent.wav").error().code == "wav_unreadable");
  CHECK(read_wav(save(folder, wav_file({}, Bytes(100), 100)), 99).error().code == "wav_too_large");
}

TEST_CASE("No beginning of a file and no single changed byte of a header leads outside of it") {
  const Bytes whole = wav_file({}, {1, 0, 2, 0}, 4);
  for (std::size_t length = 0; length < whole.size() - 4; ++length) {
    CHECK(error_of({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)}) == "wav_invalid");
  }
  for (std::size_t at = 0; at < whole.size() - 4; ++at) {
    Bytes changed = whole;
    changed[at] = 0xFF;
    if (const auto layout = parse_wav(changed)) CHECK(layout->data_offset <= std::ssize(whole));
  }
}

TEST_CASE("What is written is read back") {
  const TemporaryFolder folder;
  const WavAudio audio{1, 24000, {0, 1, -1, 32767, -32768}};
  REQUIRE(write_wav(folder / "new/out.wav", audio).has_value());
  const auto again = read_wav(folder / "new/out.wav");
  REQUIRE(again.has_value());
  CHECK(again->channels == 1);
  CHECK(again->sample_rate == 24000);
  CHECK(again->samples == audio.samples);
}

}  // namespace trunkline::recording
