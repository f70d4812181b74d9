#include <adapters/pocketsphinx/audio_queue.hpp>
#include <algorithm>

namespace trunkline::adapters {
namespace {

constexpr std::size_t slots = 500;
constexpr std::int64_t slot_ms = 20;

}  // namespace

AudioQueue::AudioQueue(media::Format format)
    : sample_bytes_(format.sample_bytes()),
      slot_samples_(static_cast<std::uint32_t>(format.samples(slot_ms))),
      slot_bytes_(slot_samples_ * sample_bytes_),
      chunks_(slots),
      bytes_(slots * slot_bytes_) {}

std::uint32_t AudioQueue::push(const media::Frame& frame) {
  if (frame.kind == media::FrameKind::silence) return push_chunk({frame.position, frame.samples, true, {}});
  std::uint32_t lost = 0;
  for (std::uint32_t done = 0; done < frame.samples; done += slot_samples_) {
    const std::uint32_t samples = std::min(slot_samples_, frame.samples - done);
    lost += push_chunk(
        {frame.position + done, samples, false, frame.data.subspan(done * sample_bytes_, samples * sample_bytes_)});
  }
  return lost;
}

std::uint32_t AudioQueue::push_chunk(Chunk chunk) {
  const std::lock_guard lock(mutex_);
  std::uint32_t lost = 0;
  if (count_ == slots) lost = forget_first();
  const std::size_t slot = (first_ + count_) % slots;
  const auto data = std::span(bytes_).subspan(slot * slot_bytes_, chunk.data.size());
  std::ranges::copy(chunk.data, data.begin());
  chunk.data = data;
  chunks_[slot] = chunk;
  ++count_;
  queued_samples_ += chunk.silence ? 0 : chunk.samples;
  return lost;
}

std::uint32_t AudioQueue::forget_first() {
  const auto& chunk = chunks_[first_];
  const std::uint32_t samples = chunk.silence ? 0 : chunk.samples;
  first_ = (first_ + 1) % slots;
  --count_;
  queued_samples_ -= samples;
  return samples;
}

bool AudioQueue::pop(Chunk& chunk, std::vector<std::uint8_t>& buffer) {
  const std::lock_guard lock(mutex_);
  if (count_ == 0) return false;
  chunk = chunks_[first_];
  buffer.assign(chunk.data.begin(), chunk.data.end());
  chunk.data = buffer;
  forget_first();
  return true;
}

std::size_t AudioQueue::queued_samples() const {
  const std::lock_guard lock(mutex_);
  return queued_samples_;
}

}  // namespace trunkline::adapters
