#pragma once

#include "recording/file.hpp"

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
  std::vector<std::uint8_t> planes;  ///< the left channel, then as much of the right, in the stream's format
  std::vector<Patch> patches;
  std::optional<std::int64_t> final_frames;  ///< the last block: the length that the file is to have

  std::size_t bytes() const;
};

/// A stereo WAV file that can be played after every write. What was never written is silence, and takes no room on
/// the disk. Not thread-safe; errors `disk_failed`.
class WavWriter {
 public:
  WavWriter(std::filesystem::path path, media::Format format);

  /// The file is made by the first write.
  Result<> write(const Block& block);
  /// Gives the file its final length and stores it on the disk.
  Result<FileFacts> finish(std::int64_t frames);

 private:
  Result<> open();
  Result<> write_frames(std::int64_t position, std::span<const std::int16_t> interleaved);
  Result<> write_planes(const Block& block);
  Result<> apply(const Patch& patch);
  Result<> write_header();

  const std::filesystem::path path_;
  const media::Format format_;
  File file_;
  std::int64_t frames_ = 0;  // length so far
};

/// What finish() and repair() report: facts of a complete file.
Result<FileFacts> facts_of(const File& file, std::uint32_t sample_rate, std::int64_t frames);

}  // namespace trunkline::recording
