#include <adapters/deepgram/audio_backlog.hpp>
#include <algorithm>

namespace trunkline::adapters {

std::size_t AudioBacklog::push(std::int64_t position, std::span<const std::uint8_t> audio) {
  std::size_t lost = 0;
  if (audio.size() > limit_) {
    lost = audio.size() - limit_;
    position += static_cast<std::int64_t>(lost / sample_bytes_);
    audio = audio.subspan(lost);
  }
  if (audio.empty()) return lost;
  if (size_ + audio.size() > limit_) {
    const std::size_t room = size_ + audio.size() - limit_;
    pop(room);
    lost += room;
  }
  if (ring_.empty()) ring_.resize(limit_);

  const std::size_t end = (begin_ + size_) % limit_;
  const std::size_t until_wrap = std::min(audio.size(), limit_ - end);
  std::ranges::copy(audio.first(until_wrap), ring_.begin() + static_cast<std::ptrdiff_t>(end));
  std::ranges::copy(audio.subspan(until_wrap), ring_.begin());
  size_ += audio.size();

  if (!runs_.empty()) {
    auto& last = runs_.back();
    if (last.position + static_cast<std::int64_t>(last.bytes / sample_bytes_) == position) {
      last.bytes += audio.size();
      return lost;
    }
  }
  runs_.push_back({position, audio.size()});
  return lost;
}

AudioBacklog::Piece AudioBacklog::front(std::size_t max) const {
  if (size_ == 0) return {};
  const std::size_t bytes = std::min({max / sample_bytes_ * sample_bytes_, runs_.front().bytes, limit_ - begin_});
  return {runs_.front().position, std::span(ring_).subspan(begin_, bytes)};
}

void AudioBacklog::pop(std::size_t bytes) {
  bytes = std::min(bytes, size_);
  begin_ = (begin_ + bytes) % limit_;
  size_ -= bytes;
  while (bytes > 0) {
    auto& run = runs_.front();
    const std::size_t taken = std::min(bytes, run.bytes);
    run.position += static_cast<std::int64_t>(taken / sample_bytes_);
    run.bytes -= taken;
    bytes -= taken;
    if (run.bytes == 0) runs_.pop_front();
  }
  if (size_ == 0) {
    ring_ = {};
    begin_ = 0;
  }
}

}  // namespace trunkline::adapters
