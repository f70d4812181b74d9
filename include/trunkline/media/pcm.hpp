#pragma once

#include <trunkline/media/frame.hpp>
#include <trunkline/media/g711.hpp>

#include <cstdint>
#include <span>

namespace trunkline::media {

/// The sample at `bytes`, `bytes + 1` of little-endian PCM16, on any machine and at any alignment.
inline std::int16_t load_pcm16(const std::uint8_t* bytes) {
  return static_cast<std::int16_t>(static_cast<std::uint16_t>(bytes[0] | (bytes[1] << 8)));
}

/// Calls `take(sample)` for each sample of `data`.
template <class Take>
void for_each_sample(Encoding encoding, std::span<const std::uint8_t> data, Take take) {
  if (encoding == Encoding::mulaw) {
    for (const std::uint8_t code : data) take(mulaw_table[code]);
  } else {
    for (std::size_t i = 0; i + 1 < data.size(); i += 2) take(load_pcm16(&data[i]));
  }
}

inline constexpr double silent_dbfs = -96.0;
/// Level from the mean of the squared samples: 0 dBFS is a full-scale square wave, nothing is below `silent_dbfs`.
double level_dbfs(double mean_square);

}  // namespace trunkline::media
