#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <vector>

namespace trunkline::adapters {

/// Audio that waits for a connection: at most `limit` bytes, the oldest is lost to make room. Takes its memory when the
/// first byte comes and returns it when it is empty again, since most streams never wait for long.
class AudioBacklog {
 public:
  AudioBacklog(std::size_t limit, std::size_t sample_bytes) : limit_(limit), sample_bytes_(sample_bytes) {}

  struct Piece {
    std::int64_t position = 0;  ///< in samples on the recording's clock
    std::span<const std::uint8_t> audio;
  };

  /// Returns how many bytes were lost. `audio` is whole samples.
  std::size_t push(std::int64_t position, std::span<const std::uint8_t> audio);
  /// The oldest audio in one piece, at most `max` bytes of it; empty when there is none. Valid until the next call.
  Piece front(std::size_t max) const;
  void pop(std::size_t bytes);

  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }

 private:
  struct Run {
    std::int64_t position;
    std::size_t bytes;
  };

  const std::size_t limit_;
  const std::size_t sample_bytes_;
  std::vector<std::uint8_t> ring_;
  std::size_t begin_ = 0;
  std::size_t size_ = 0;
  std::deque<Run> runs_;  // stretches without a gap, oldest first
};

}  // namespace trunkline::adapters
