#pragma once

#include <trunkline/base/clock.hpp>

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace trunkline {

/// Threads for work that blocks: disk, speech engines, encoders. The queue is bounded and refuses when full.
/// Destruction finishes what is queued, then joins.
class ThreadPool {
 public:
  /// `name` shows in `top` and in the metrics; `limit` is the number of jobs that may wait. A thread that was asleep
  /// waits `gather` after the first job before it takes any: thousands of small jobs a second then share a few
  /// wake-ups, which would cost more than the jobs do.
  ThreadPool(std::string name, std::size_t threads, std::size_t limit, milliseconds gather = {});
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  /// False when the queue is full: the job was not taken. A job must not throw.
  [[nodiscard]] bool try_post(std::function<void()> job);

  /// Finishes what is queued, joins, and takes nothing any more. For those whose jobs report to loops that go before
  /// the pool does.
  void stop();

  const std::string& name() const { return name_; }
  std::size_t queued() const;

 private:
  void run();
  void sleep(std::unique_lock<std::mutex>& lock);

  const std::string name_;
  const std::size_t limit_;
  const milliseconds gather_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable leave_;  // ends the gathering when the pool stops
  std::deque<std::function<void()>> jobs_;
  std::size_t asleep_ = 0;
  bool gathering_ = false;  // a thread was woken and takes its time: no need to wake another
  bool stopping_ = false;   // no job waits: leave
  bool stopped_ = false;    // nobody is left to take a job
  std::vector<std::thread> threads_;
};

}  // namespace trunkline
