#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace streamload {

/// What a frame of generated audio says about itself.
struct Stamp {
  std::uint32_t run = 0;  ///< 16 bits
  std::uint32_t stream = 0;
  std::uint32_t sequence = 0;
  std::uint64_t sent_ns = 0;
  friend bool operator==(const Stamp&, const Stamp&) = default;
};

inline constexpr std::size_t stamp_bytes = 44;

/// Writes a stamp as mu-law samples: one of 16 widely spaced levels a nibble, so that it is still audio. Among PCM16 it
/// is noise.
void put_stamp(const Stamp& stamp, std::span<std::uint8_t, stamp_bytes> out);

/// Finds the stamped frames in the messages of one connection, also when frames were joined or cut anew.
class StampReader {
 public:
  using OnStamp = std::function<void(const Stamp&)>;

  /// `frame_bytes`: from one stamp to the next.
  explicit StampReader(std::size_t frame_bytes) : frame_bytes_(frame_bytes) {}

  /// Returns how many were found.
  unsigned read(std::span<const std::uint8_t> message, const OnStamp& on_stamp);

 private:
  std::size_t frame_bytes_;
  std::size_t frame_rest_ = 0;            // of the last frame that was found, still to come
  std::vector<std::uint8_t> unfinished_;  // too few bytes to hold a stamp
};

}  // namespace streamload
