#pragma once

#include <trunkline/media/sink.hpp>

#include <cstdint>
#include <functional>
#include <mutex>
#include <span>
#include <vector>

namespace trunkline::media {

/// Each message of live audio begins with this, little-endian; PCM16 samples follow, one track's.
///
/// | offset | size | field                                                                 |
/// |--------|------|-----------------------------------------------------------------------|
/// | 0      | 2    | `TL`                                                                  |
/// | 2      | 1    | version, 1                                                            |
/// | 3      | 1    | track: 0 inbound, 1 outbound, 2 and more further participants         |
/// | 4      | 4    | sample rate, Hz                                                       |
/// | 8      | 8    | position of the first sample, in samples since the start of the stream |
///
/// A position beyond the end of the track's last message means silence in between.
inline constexpr std::size_t listener_header_bytes = 16;
inline constexpr std::uint8_t listener_version = 1;

/// Messages one after another, in one piece of memory that is used again. Not thread-safe.
class MessageBatch {
 public:
  std::size_t size() const { return ends_.size() - first_; }
  bool empty() const { return size() == 0; }
  std::size_t bytes() const { return bytes_.size() - start_of(first_); }
  std::span<const std::uint8_t> operator[](std::size_t i) const;

  /// Room for one more message at the end.
  std::span<std::uint8_t> append(std::size_t bytes);
  void append(const MessageBatch& other);
  void drop_oldest();
  void clear();

 private:
  std::size_t start_of(std::size_t message) const { return message == 0 ? 0 : ends_[message - 1]; }

  std::vector<std::uint8_t> bytes_;
  std::vector<std::size_t> ends_;
  std::size_t first_ = 0;  // messages before it were dropped
};

struct ListenerLimits {
  std::size_t messages = 200;      ///< two seconds of both tracks in 20 ms frames
  std::size_t bytes = 192 * 1024;  ///< those of PCM at 24 kHz
};

/// Feeds one live listener, who may live on another thread than the stream. What the listener does not fetch in time
/// is dropped, oldest first.
class ListenerSink final : public Sink {
 public:
  /// `notify` is called on the stream's thread when messages (or the end) wait, and then not again before drain().
  /// It must not block, and must outlive its listener by itself (hold it weakly).
  ListenerSink(Format format, std::function<void()> notify, ListenerLimits limits = {});

  std::string_view name() const override { return "listener"; }
  void on_frame(const Frame& frame) noexcept override;
  void on_batch_end() noexcept override;
  void on_end(EndCause cause) noexcept override;
  std::size_t queued_bytes() const noexcept override;
  std::uint64_t dropped() const noexcept override;

  /// Any thread: replaces `batch` by what waits, and takes its memory for the next. False when the stream is over and
  /// this was the last.
  bool drain(MessageBatch& batch);
  /// Any thread: the listener has gone; `notify` is called no more (but for a call that is running).
  void close();

 private:
  void deliver(bool ended);

  const Format format_;
  const std::function<void()> notify_;
  const ListenerLimits limits_;
  MessageBatch batch_;  // the stream's thread only

  mutable std::mutex mutex_;
  MessageBatch waiting_;
  std::uint64_t dropped_ = 0;
  bool notified_ = false;
  bool ended_ = false;
  bool closed_ = false;
};

}  // namespace trunkline::media
