#pragma once

#include <trunkline/base/result.hpp>
#include <trunkline/media/frame.hpp>

#include <array>
#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

namespace trunkline::recording {

/// RIFF WAVE with one `fmt ` and one `data` chunk, as Trunkline writes it: 16-bit PCM, samples from here on.
inline constexpr std::int64_t wav_header_bytes = 44;
inline constexpr int wav_max_channels = static_cast<int>(media::max_tracks);
/// What fits behind the header, the sizes in which have 32 bits.
inline constexpr std::int64_t wav_max_data_bytes = 0xFFFFFFFF - (wav_header_bytes - 8);

/// `data_bytes` above `wav_max_data_bytes` are written as that.
std::array<std::uint8_t, wav_header_bytes> make_wav_header(int channels, std::uint32_t sample_rate,
                                                           std::int64_t data_bytes);

/// Where a WAV file keeps its samples, and how they are written.
struct WavLayout {
  media::Encoding encoding = media::Encoding::pcm16;
  int channels = 1;
  std::uint32_t sample_rate = 8000;
  std::int64_t data_offset = wav_header_bytes;
  std::int64_t data_bytes = 0;  ///< as the header says: a file that was cut or is still written has other lengths

  std::int64_t frame_bytes() const { return channels * (encoding == media::Encoding::mulaw ? 1 : 2); }
};

/// Reads the chunks up to the start of `data`. `front` is the file or enough of its beginning. Accepts 16-bit PCM and
/// mu-law (also as WAVE_FORMAT_EXTENSIBLE), at most `wav_max_channels`, 1 to 192 kHz. Errors `wav_invalid`,
/// `wav_unsupported`.
Result<WavLayout> parse_wav(std::span<const std::uint8_t> front);

/// Samples in memory, interleaved when there is more than one channel.
struct WavAudio {
  int channels = 1;
  std::uint32_t sample_rate = 8000;
  std::vector<std::int16_t> samples;
};

inline constexpr std::int64_t wav_read_limit_bytes = 64 * 1024 * 1024;

/// A whole file; what is missing at its end is left out. Errors `wav_unreadable`, `wav_too_large`, and parse_wav's.
Result<WavAudio> read_wav(const std::filesystem::path& path, std::int64_t limit_bytes = wav_read_limit_bytes);

/// Replaces the file. Error `disk_failed`.
Result<> write_wav(const std::filesystem::path& path, const WavAudio& audio);

}  // namespace trunkline::recording
