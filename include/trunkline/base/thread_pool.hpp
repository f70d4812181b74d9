#pragma once

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
  /// `name` shows in `top` and in the metrics; `limit` is the number of jobs that may wait.
  ThreadPool(std::string name, std::size_t threads, std::size_t limit);
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

  std::string name_;
  std::size_t limit_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> jobs_;
  bool stopping_ = false;  // no job waits: leave
  bool stopped_ = false;   // nobody is left to take a job
  std::vector<std::thread> threads_;
};

}  // namespace trunkline
