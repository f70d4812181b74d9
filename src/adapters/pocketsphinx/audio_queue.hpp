#pragma once

#include <trunkline/media/frame.hpp>

#include <cstdint>
#include <mutex>
#include <span>
#include <vector>

namespace trunkline::adapters {

/// One track's audio on its way from the stream's worker to a decoder thread: at most ten seconds, the oldest is lost
/// when the decoder does not keep up. Memory is taken once. The lock is held for a copy of 20 ms only.
class AudioQueue {
 public:
  /// Up to 20 ms of audio, or a silent stretch of any length without data.
  struct Chunk {
    std::int64_t position = 0;  ///< in samples on the recording's clock
    std::uint32_t samples = 0;
    bool silence = false;
    std::span<const std::uint8_t> data;  ///< in the buffer given to pop()
  };

  explicit AudioQueue(media::Format format);

  /// Worker thread. Returns how many samples were lost to make room.
  std::uint32_t push(const media::Frame& frame);
  /// Decoder thread. False when there is nothing; `buffer` holds the chunk's data.
  bool pop(Chunk& chunk, std::vector<std::uint8_t>& buffer);

  std::size_t queued_samples() const;

 private:
  std::uint32_t push_chunk(Chunk chunk);
  std::uint32_t forget_first();  // under the lock; returns its samples of audio

  std::size_t sample_bytes_;
  std::uint32_t slot_samples_;
  std::size_t slot_bytes_;
  mutable std::mutex mutex_;
  std::vector<Chunk> chunks_;  // a ring; the data of slot i is at i * slot_bytes_
  std::vector<std::uint8_t> bytes_;
  std::size_t first_ = 0;
  std::size_t count_ = 0;
  std::size_t queued_samples_ = 0;
};

}  // namespace trunkline::adapters
