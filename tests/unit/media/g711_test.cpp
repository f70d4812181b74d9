#include <trunkline/media/g711.hpp>
#include <trunkline/media/pcm.hpp>

#include <catch2/catch.hpp>

#include <cmath>
#include <numeric>
#include <vector>

namespace trunkline::media {

TEST_CASE("mu-law codes have the values of ITU-T G.711 table 2") {
  CHECK(mulaw_table[0x00] == -32124);
  CHECK(mulaw_table[0x80] == 32124);
  CHECK(mulaw_table[0x8F] == 16764);
  CHECK(mulaw_table[0x90] == 15996);
  CHECK(mulaw_table[0xEF] == 132);
  CHECK(mulaw_table[0xFE] == 8);
  CHECK(mulaw_table[mulaw_silence] == 0);
  CHECK(mulaw_table[0x7F] == 0);
}

TEST_CASE("Every mu-law code but negative zero survives decoding and encoding") {
  std::vector<std::uint8_t> codes(256);
  std::iota(codes.begin(), codes.end(), std::uint8_t{0});
  std::vector<std::int16_t> samples(256);
  std::vector<std::uint8_t> again(256);
  decode_mulaw(codes, samples.data());
  encode_mulaw(samples, again.data());
  codes[0x7F] = mulaw_silence;
  CHECK(again == codes);
}

TEST_CASE("Encoding every sample stays within half a step and never changes the sign") {
  for (int sample = -32768; sample <= 32767; ++sample) {
    const auto code = linear_to_mulaw(static_cast<std::int16_t>(sample));
    const int decoded = mulaw_table[code];
    const int clipped = std::clamp(sample, -32635, 32635);
    const int magnitude = std::abs(clipped) + 132;
    const int half_step = 1 << (std::bit_width(static_cast<unsigned>(magnitude)) - 6);
    if (std::abs(decoded - clipped) > half_step || decoded * sample < 0) {
      FAIL("sample " << sample << " became " << decoded);
    }
  }
  CHECK(linear_to_mulaw(32767) == 0x80);
  CHECK(linear_to_mulaw(-32768) == 0x00);
}

TEST_CASE("Level is in dB below full scale and has a floor") {
  CHECK(level_dbfs(32768.0 * 32768.0) == Approx(0.0));
  CHECK(level_dbfs(3276.8 * 3276.8) == Approx(-20.0));
  CHECK(level_dbfs(0) == silent_dbfs);
  CHECK(level_dbfs(1e-9) == silent_dbfs);
}

TEST_CASE("PCM16 is read little-endian") {
  const std::uint8_t bytes[] = {0x01, 0x00, 0xFF, 0xFF, 0x00, 0x80};
  std::vector<int> samples;
  for_each_sample(Encoding::pcm16, bytes, [&](int sample) { samples.push_back(sample); });
  CHECK(samples == std::vector<int>{1, -1, -32768});
}

}  // namespace trunkline::media
