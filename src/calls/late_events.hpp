#pragma once

#include <trunkline/base/clock.hpp>
#include <trunkline/base/result.hpp>
#include <trunkline/calls/event.hpp>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <vector>

namespace trunkline::calls {

struct LateEventLimits {
  std::size_t queue = 10'000;  ///< events that may wait
  std::size_t batch = 256;     ///< events that share a transaction
  milliseconds first_wait{20};
  milliseconds longest_wait{2'000};
  int refusals = 5;                   ///< tries for what the store refuses although it is there
  milliseconds flush_timeout{5'000};  ///< how long stop() waits for the store
};

/// Events from threads that must not wait, on their way to the store in the order in which they came. One thread of its
/// own; while the store is away it tries again with growing pauses. What cannot be kept is counted and logged.
class LateEvents {
 public:
  /// Appends all of them in one transaction, or none; how many were lost because their calls are unknown. Blocks.
  using Store = std::function<Result<std::size_t>(std::span<const Event>)>;

  explicit LateEvents(Store store, LateEventLimits limits = {});
  ~LateEvents();
  LateEvents(const LateEvents&) = delete;
  LateEvents& operator=(const LateEvents&) = delete;

  /// Stores what waits, as long as the limits allow, and takes nothing any more. Destruction does it, too.
  void stop();

  void push(Event event);
  /// Counts an event that was unfit for the queue.
  void drop(std::string_view reason, std::size_t count = 1);
  std::uint64_t dropped() const { return dropped_; }

 private:
  using Deadline = std::chrono::steady_clock::time_point;  // the machine's own: a test's clock does not end a wait

  void run();
  std::vector<Event> next();
  void deliver(std::span<const Event> events);
  bool pause(milliseconds wait);
  bool flush_is_over() const;  // under the mutex

  const Store store_;
  const LateEventLimits limits_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Event> queue_;
  bool overflowing_ = false;             ///< said so once; until there is room again every further drop is only counted
  std::optional<Deadline> flush_until_;  ///< set once when stopping
  bool stopped_ = false;                 ///< the thread is gone
  std::atomic<std::uint64_t> dropped_ = 0;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace trunkline::calls
