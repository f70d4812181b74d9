#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

namespace trunkline::test {

/// What happened on another thread, in order. The test takes it out; no wait is longer than ten seconds.
class Events {
 public:
  void push(std::string event) {
    const std::lock_guard lock(mutex_);
    events_.push_back(std::move(event));
    arrived_.notify_all();
  }

  std::string next() {
    std::unique_lock lock(mutex_);
    if (!arrived_.wait_for(lock, std::chrono::seconds{10}, [&] { return !events_.empty(); })) {
      throw std::runtime_error("the event that was waited for did not come");
    }
    std::string event = std::move(events_.front());
    events_.pop_front();
    return event;
  }

  bool empty() const {
    const std::lock_guard lock(mutex_);
    return events_.empty();
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<std::string> events_;
};

/// Waits until `condition` holds on another thread's data; false after ten seconds. For counters that nothing
/// announces.
template <class Condition>
bool eventually(Condition condition) {
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds{10};
  while (!condition()) {
    if (std::chrono::steady_clock::now() > limit) return false;
    std::this_thread::yield();
  }
  return true;
}

}  // namespace trunkline::test
