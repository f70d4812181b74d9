#pragma once

#include "recording/file.hpp"
#include "recording/window.hpp"

#include <trunkline/base/result.hpp>
#include <trunkline/recording/recorder.hpp>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <vector>

namespace trunkline::recording {

/// Audio for a place in the file that was written before: one channel's, in the stream's format.
struct Patch {
  std::size_t channel = 0;
  std::int64_t position = 0;
  std::int64_t end = 0;
  std::vector<std::uint8_t> data;
};

/// What goes to the disk at once: a window's block at `position`, then the patches.
struct Block {
  std::int64_t position = 0;
  std::vector<std::uint8_t> planes;  ///< of all channels, one behind the other, in the stream's format
  std::vector<Patch> patches;
  std::size_t channels = first_channels;
  std::optional<std::int64_t> final_frames;  ///< the last block: the length that the file is to have

  std::size_t bytes() const;
};

/// A WAV file that can be played after every write. What was never written is silence, and takes no room on the disk.
/// It is written anew, beside, when it is to have more channels: a crash leaves the one or the other. Not thread-safe;
/// errors `disk_failed`.
class WavWriter {
 public:
  WavWriter(std::filesystem::path path, media::Format format);

  /// The file is made by the first write.
  Result<> write(const Block& block);
  /// Gives the file its final length and stores it on the disk.
  Result<FileFacts> finish(std::int64_t frames);

 private:
  Result<> open();
  Result<> widen(std::size_t channels);
  Result<> write_frames(std::int64_t position, std::span<const std::int16_t> interleaved);
  Result<> write_planes(const Block& block);
  Result<> apply(const Patch& patch);
  Result<> write_header();

  const std::filesystem::path path_;
  const media::Format format_;
  File file_;
  std::size_t channels_ = first_channels;
  std::int64_t frames_ = 0;  // length so far
};

/// Where a file is written anew while it gets more channels.
std::filesystem::path wider_path(const std::filesystem::path& path);

/// What finish() and repair() report: facts of a complete file.
Result<FileFacts> facts_of(const File& file, std::size_t channels, std::uint32_t sample_rate, std::int64_t frames);

}  // namespace trunkline::recording
