#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <span>

namespace trunkline::media {

/// The byte for a sample of 0. A zero byte would be full scale.
inline constexpr std::uint8_t mulaw_silence = 0xFF;

/// One sample by ITU-T G.711: sign, three bits of segment, four bits of step, all inverted.
constexpr std::int16_t mulaw_to_linear(std::uint8_t code) {
  constexpr int bias = 0x84;
  const int bits = ~code & 0xFF;
  const int magnitude = ((((bits & 0x0F) << 3) + bias) << ((bits & 0x70) >> 4)) - bias;
  return static_cast<std::int16_t>((bits & 0x80) != 0 ? -magnitude : magnitude);
}

constexpr std::uint8_t linear_to_mulaw(std::int16_t sample) {
  constexpr int bias = 0x84;
  constexpr int clip = 32635;
  const int wide = sample;
  const int magnitude = (wide < 0 ? -wide : wide) < clip ? (wide < 0 ? -wide : wide) + bias : clip + bias;
  const int segment = static_cast<int>(std::bit_width(static_cast<unsigned>(magnitude))) - 8;
  const int step = (magnitude >> (segment + 3)) & 0x0F;
  const int sign = wide < 0 ? 0x80 : 0;
  return static_cast<std::uint8_t>(~(sign | (segment << 4) | step));
}

/// All 256 codes as samples.
inline constexpr std::array<std::int16_t, 256> mulaw_table = [] {
  std::array<std::int16_t, 256> table{};
  for (int code = 0; code < 256; ++code) {
    table[static_cast<std::size_t>(code)] = mulaw_to_linear(static_cast<std::uint8_t>(code));
  }
  return table;
}();

/// `out` has room for as many samples as there are bytes.
inline void decode_mulaw(std::span<const std::uint8_t> in, std::int16_t* out) {
  for (const std::uint8_t code : in) *out++ = mulaw_table[code];
}

/// `out` has room for as many bytes as there are samples.
inline void encode_mulaw(std::span<const std::int16_t> in, std::uint8_t* out) {
  for (const std::int16_t sample : in) *out++ = linear_to_mulaw(sample);
}

}  // namespace trunkline::media
