#pragma once

#include <trunkline/media/frame.hpp>

#include <cstdint>
#include <span>
#include <vector>

namespace trunkline::recording {

/// Of the file: the far end left, us right, and one for each further participant that is heard.
inline constexpr std::size_t first_channels = 2;

/// The newest 800 ms of a recording, in which its tracks find their places while it waits for the disk: what a killed
/// process loses, and with what is on its way to the disk less than a second. Samples stay as the carrier wrote them, a
/// plane for each channel: the stream's thread only copies bytes.
///
/// A ring: position p lives at p modulo the capacity. Places without audio hold silence.
class Window {
 public:
  /// The first 500 ms are handed over at once; the other 300 are how much later one track may come than the other
  /// without a patch on disk.
  explicit Window(media::Format format);

  std::int64_t start() const { return start_; }
  std::int64_t end() const { return start_ + capacity_; }
  /// Nothing was placed since what was taken last.
  bool blank() const { return content_end_ <= start_; }

  std::size_t channels() const { return channels_; }
  /// There is room for `channels` from now on; those that are new hold silence.
  void widen(std::size_t channels);
  /// Puts samples of one channel at `position`; all of it lies in [start, end).
  void place(std::size_t channel, std::int64_t position, std::span<const std::uint8_t> data);
  /// The oldest block, plane behind plane; the window moves on behind it.
  std::vector<std::uint8_t> take_block() { return take(block_); }
  /// The same for everything up to the end of the last audio.
  std::vector<std::uint8_t> take_rest() { return blank() ? std::vector<std::uint8_t>{} : take(content_end_ - start_); }
  /// Moves a blank window so that `position` is in it, with as much before it as in a window that moved by blocks.
  void skip_to(std::int64_t position);

 private:
  std::vector<std::uint8_t> take(std::int64_t samples);
  std::size_t slot(std::int64_t position) const { return static_cast<std::size_t>(position % capacity_) * width_; }
  std::size_t plane_bytes() const { return static_cast<std::size_t>(capacity_) * width_; }
  std::span<std::uint8_t> plane(std::size_t channel) {
    return std::span(bytes_).subspan(channel * plane_bytes(), plane_bytes());
  }

  const std::size_t width_;  // bytes a sample
  const std::uint8_t silence_;
  const std::int64_t capacity_;  // samples of each channel
  const std::int64_t block_;
  std::size_t channels_ = first_channels;
  std::int64_t start_ = 0;
  std::int64_t content_end_ = 0;
  std::vector<std::uint8_t> bytes_;
};

}  // namespace trunkline::recording
