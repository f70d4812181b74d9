#include "recording/window.hpp"

#include <trunkline/media/g711.hpp>

#include <algorithm>

namespace trunkline::recording {
namespace {
constexpr std::int64_t window_ms = 800;
constexpr std::int64_t block_ms = 500;
}  // namespace

Window::Window(media::Format format)
    : width_(format.sample_bytes()),
      silence_(format.encoding == media::Encoding::mulaw ? media::mulaw_silence : std::uint8_t{0}),
      capacity_(format.samples(window_ms)),
      block_(format.samples(block_ms)),
      bytes_(plane_bytes() * channels_, silence_) {}

void Window::widen(std::size_t channels) {
  channels_ = channels;
  bytes_.resize(plane_bytes() * channels_, silence_);
}

void Window::place(std::size_t channel, std::int64_t position, std::span<const std::uint8_t> data) {
  const auto room = plane(channel);
  const auto head = data.first(std::min(room.size() - slot(position), data.size()));
  const auto wrapped = data.subspan(head.size());
  std::ranges::copy(head, room.subspan(slot(position)).begin());
  std::ranges::copy(wrapped, room.begin());
  content_end_ = std::max(content_end_, position + static_cast<std::int64_t>(data.size() / width_));
}

void Window::skip_to(std::int64_t position) {
  start_ = std::max(start_, position - (capacity_ - block_));
}

std::vector<std::uint8_t> Window::take(std::int64_t samples) {
  const auto wanted = static_cast<std::size_t>(samples) * width_;
  std::vector<std::uint8_t> block;
  block.reserve(wanted * channels_);
  const auto move_out = [&](std::span<std::uint8_t> piece) {
    block.insert(block.end(), piece.begin(), piece.end());
    std::ranges::fill(piece, silence_);
  };
  for (std::size_t channel = 0; channel < channels_; ++channel) {
    const auto room = plane(channel);
    const auto head = room.subspan(slot(start_), std::min(wanted, room.size() - slot(start_)));
    move_out(head);
    move_out(room.first(wanted - head.size()));
  }
  start_ += samples;
  return block;
}

}  // namespace trunkline::recording
