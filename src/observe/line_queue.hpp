#pragma once

#include <trunkline/base/clock.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

namespace trunkline::log {

struct LineQueueLimits {
  std::size_t bytes = 8 * 1024 * 1024;  ///< that may wait, with those that are being written
  milliseconds gather{5};               ///< from a line to its write: what comes meanwhile shares it
  milliseconds flush{1'000};            ///< how long flush() and the end wait for a reader
};

/// Lines on their way to a descriptor whose reader may stall. One thread of its own writes them, in order and many at a
/// time; who pushes never waits for it. Lines that find no room are dropped and counted, and a note stands where they
/// are missing. Any thread.
class LineQueue {
 public:
  /// Appends the line, without newline, that says how many were dropped. Must not throw. Called on the queue's thread.
  using Note = std::function<void(std::string& out, std::uint64_t lines)>;

  /// The descriptor may be blocking or not; it stays open and the caller's.
  LineQueue(int fd, Note note, LineQueueLimits limits = {});
  /// Writes what waits. A thread that is still held up by the reader after that is left to end with the process.
  ~LineQueue();
  LineQueue(const LineQueue&) = delete;
  LineQueue& operator=(const LineQueue&) = delete;

  /// A line without newline. Allocates nothing.
  void push(std::string_view line);
  /// False when the reader did not take everything in time.
  bool flush();
  /// Lines that were dropped for want of room or could not be written, since the beginning.
  std::uint64_t dropped() const;

 private:
  class Work;

  std::shared_ptr<Work> work_;  // the thread's, too: it may outlive the queue
  std::thread thread_;
};

}  // namespace trunkline::log
