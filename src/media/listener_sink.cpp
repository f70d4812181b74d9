#include <trunkline/media/listener_sink.hpp>
#include <trunkline/media/pcm.hpp>

#include <algorithm>
#include <utility>

namespace trunkline::media {
namespace {

void store_little_endian(std::uint8_t* out, std::uint64_t value, std::size_t bytes) {
  for (std::size_t i = 0; i < bytes; ++i) out[i] = static_cast<std::uint8_t>(value >> (8 * i));
}

void write_message(const Frame& frame, const Format& format, std::uint8_t* out) {
  out[0] = 'T';
  out[1] = 'L';
  out[2] = listener_version;
  out[3] = static_cast<std::uint8_t>(index(frame.track));
  store_little_endian(out + 4, format.sample_rate, 4);
  store_little_endian(out + 8, static_cast<std::uint64_t>(frame.position), 8);
  out += listener_header_bytes;
  for_each_sample(format.encoding, frame.data, [&out](std::int16_t sample) {
    store_little_endian(out, static_cast<std::uint16_t>(sample), 2);
    out += 2;
  });
}

}  // namespace

std::span<const std::uint8_t> MessageBatch::operator[](std::size_t i) const {
  const std::size_t start = start_of(first_ + i);
  return std::span(bytes_).subspan(start, ends_[first_ + i] - start);
}

std::span<std::uint8_t> MessageBatch::append(std::size_t bytes) {
  const std::size_t start = bytes_.size();
  bytes_.resize(start + bytes);
  ends_.push_back(bytes_.size());
  return std::span(bytes_).subspan(start);
}

void MessageBatch::append(const MessageBatch& other) {
  for (std::size_t i = 0; i < other.size(); ++i) std::ranges::copy(other[i], append(other[i].size()).begin());
}

// The memory of dropped messages is taken back when it is half of all: each byte is moved at most once for that.
void MessageBatch::drop_oldest() {
  ++first_;
  const std::size_t start = start_of(first_);
  if (start * 2 < bytes_.size()) return;
  bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(start));
  ends_.erase(ends_.begin(), ends_.begin() + static_cast<std::ptrdiff_t>(first_));
  for (std::size_t& end : ends_) end -= start;
  first_ = 0;
}

void MessageBatch::clear() {
  bytes_.clear();
  ends_.clear();
  first_ = 0;
}

ListenerSink::ListenerSink(Format format, std::function<void()> notify, ListenerLimits limits)
    : format_(format), notify_(std::move(notify)), limits_(limits) {}

void ListenerSink::on_frame(const Frame& frame) noexcept {
  if (frame.kind != FrameKind::audio) return;  // silence shows in the positions; what is late cannot be heard any more
  write_message(frame, format_, batch_.append(listener_header_bytes + frame.samples * 2).data());
  if (batch_.size() >= limits_.messages || batch_.bytes() >= limits_.bytes) deliver(false);
}

void ListenerSink::on_batch_end() noexcept {
  if (!batch_.empty()) deliver(false);
}

void ListenerSink::on_end(EndCause) noexcept {
  deliver(true);
}

void ListenerSink::deliver(bool ended) {
  bool notify = false;
  {
    const std::lock_guard lock(mutex_);
    if (!closed_) {
      waiting_.append(batch_);
      while (waiting_.size() > limits_.messages || waiting_.bytes() > limits_.bytes) {
        waiting_.drop_oldest();
        ++dropped_;
      }
      ended_ = ended_ || ended;
      notify = !std::exchange(notified_, true);
    }
  }
  batch_.clear();
  if (notify) notify_();
}

bool ListenerSink::drain(MessageBatch& batch) {
  batch.clear();
  const std::lock_guard lock(mutex_);
  std::swap(batch, waiting_);
  notified_ = false;
  return !ended_;
}

void ListenerSink::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  ended_ = true;
  waiting_.clear();
}

std::size_t ListenerSink::queued_bytes() const noexcept {
  const std::lock_guard lock(mutex_);
  return waiting_.bytes();
}

std::uint64_t ListenerSink::dropped() const noexcept {
  const std::lock_guard lock(mutex_);
  return dropped_;
}

}  // namespace trunkline::media
