#include "observe/line_queue.hpp"

#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <utility>

namespace trunkline::log {
namespace {

constexpr std::size_t room_for_note = 256;

void wait_for_reader(int fd) {
  pollfd ready{fd, POLLOUT, 0};
  poll(&ready, 1, -1);  // whatever it says, the next write() says it better
}

/// Returns what could not be written and never will be.
std::string_view write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(fd, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) {
      wait_for_reader(fd);
    } else if (errno != EINTR) {
      break;
    }
  }
  return text;
}

}  // namespace

/// What the callers and the thread share: one block collects while the other is being written.
class LineQueue::Work {
 public:
  Work(int fd, Note note, LineQueueLimits limits) : fd_(fd), note_(std::move(note)), limits_(limits) {
    // Once and whole: only what is used of it becomes memory, and no caller ever waits for it to grow.
    waiting_.reserve(limits.bytes + room_for_note);
    block_.reserve(limits.bytes + room_for_note);
  }

  void push(std::string_view line) {
    bool wakes = false;
    {
      const std::lock_guard lock(mutex_);
      // Once a line is missing all others are, up to the block's end: the note stands where they would.
      if (missing_ > 0 || waiting_.size() + writing_ + line.size() + 1 > limits_.bytes) {
        ++missing_;
        ++dropped_;
      } else {
        waiting_ += line;
        waiting_ += '\n';
      }
      wakes = std::exchange(asleep_, false);
    }
    if (wakes) wake_.notify_one();
  }

  bool flush() {
    std::unique_lock lock(mutex_);
    ++hurried_;
    wake_.notify_one();
    const bool written = written_.wait_for(lock, limits_.flush, [this] { return !has_lines() && writing_ == 0; });
    --hurried_;
    return written;
  }

  /// False when the thread is held up.
  bool stop() {
    std::unique_lock lock(mutex_);
    stopping_ = true;
    wake_.notify_one();
    return written_.wait_for(lock, limits_.flush, [this] { return left_; });
  }

  void run() {
    std::unique_lock lock(mutex_);
    while (wait_for_lines(lock)) {
      std::swap(waiting_, block_);
      add_note();
      writing_ = block_.size();
      lock.unlock();
      const std::string_view lost = write_all(fd_, block_);
      dropped_ += static_cast<std::uint64_t>(std::count(lost.begin(), lost.end(), '\n'));
      block_.clear();
      lock.lock();
      writing_ = 0;
      written_.notify_all();
    }
    left_ = true;
    written_.notify_all();
  }

  std::uint64_t dropped() const { return dropped_; }

 private:
  bool has_lines() const { return !waiting_.empty() || missing_ > 0; }

  // False when there are none and none will come.
  bool wait_for_lines(std::unique_lock<std::mutex>& lock) {
    asleep_ = !has_lines();
    wake_.wait(lock, [this] { return has_lines() || stopping_; });
    asleep_ = false;
    if (!has_lines()) return false;
    wake_.wait_for(lock, limits_.gather, [this] { return hurried_ > 0 || stopping_; });
    return true;
  }

  void add_note() {
    if (missing_ == 0) return;
    note_(block_, std::exchange(missing_, 0));
    block_ += '\n';
  }

  const int fd_;
  const Note note_;
  const LineQueueLimits limits_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable written_;
  std::string waiting_;
  std::string block_;          // the thread's alone while it writes
  std::size_t writing_ = 0;    // bytes of it
  std::uint64_t missing_ = 0;  // lines that the next note speaks of
  std::size_t hurried_ = 0;    // callers of flush()
  bool asleep_ = false;        // the thread must be woken for a line
  bool stopping_ = false;
  bool left_ = false;
  std::atomic<std::uint64_t> dropped_ = 0;
};

LineQueue::LineQueue(int fd, Note note, LineQueueLimits limits)
    : work_(std::make_shared<Work>(fd, std::move(note), limits)), thread_([work = work_] { work->run(); }) {
  pthread_setname_np(thread_.native_handle(), "log");
}

LineQueue::~LineQueue() {
  if (work_->stop()) {
    thread_.join();
  } else {
    thread_.detach();
  }
}

void LineQueue::push(std::string_view line) {
  work_->push(line);
}

bool LineQueue::flush() {
  return work_->flush();
}

std::uint64_t LineQueue::dropped() const {
  return work_->dropped();
}

}  // namespace trunkline::log
