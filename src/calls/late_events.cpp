#include "late_events.hpp"

#include <trunkline/observe/log.hpp>
#include <trunkline/store/sql.hpp>

#include <algorithm>
#include <utility>

namespace trunkline::calls {
namespace {

constexpr std::string_view too_late = "the store did not come back before the end";

}  // namespace

LateEvents::LateEvents(Store store, LateEventLimits limits)
    : store_(std::move(store)), limits_(limits), thread_([this] { run(); }) {}

LateEvents::~LateEvents() {
  stop();
}

void LateEvents::stop() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    flush_until_ = std::chrono::steady_clock::now() + limits_.flush_timeout;
  }
  wake_.notify_all();
  thread_.join();
  std::deque<Event> left;  // came while the thread was leaving
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    left.swap(queue_);
  }
  if (!left.empty()) drop(too_late, left.size());
}

void LateEvents::push(Event event) {
  bool late = false;
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    if (!stopped_ && queue_.size() < limits_.queue) {
      queue_.push_back(std::move(event));
      wake_.notify_one();
      return;
    }
    late = stopped_;
    first = !std::exchange(overflowing_, true);
  }
  if (late) return drop(too_late);
  ++dropped_;
  if (first) log::warn("call events dropped", {{"reason", "the queue is full"}, {"dropped", dropped()}});
}

void LateEvents::drop(std::string_view reason, std::size_t count) {
  dropped_ += count;
  log::warn("call events dropped", {{"count", count}, {"reason", reason}});
}

void LateEvents::run() {
  for (auto batch = next(); !batch.empty(); batch = next()) deliver(batch);
}

// Empty only when stopping: nothing is left, or no time to try it; stop() counts what is.
std::vector<Event> LateEvents::next() {
  std::unique_lock lock(mutex_);
  wake_.wait(lock, [this] { return !queue_.empty() || flush_until_; });
  if (flush_is_over()) return {};
  const auto end = queue_.begin() + static_cast<std::ptrdiff_t>(std::min(limits_.batch, queue_.size()));
  std::vector<Event> batch(std::move_iterator(queue_.begin()), std::move_iterator(end));
  queue_.erase(queue_.begin(), end);
  overflowing_ = false;
  return batch;
}

void LateEvents::deliver(std::span<const Event> events) {
  int refusals = 0;
  for (auto wait = limits_.first_wait;; wait = std::min(wait * 2, limits_.longest_wait)) {
    const auto stored = store_(events);
    if (stored) {
      if (*stored > 0) drop("their calls are unknown", *stored);
      return;
    }
    if (!store::store_is_away(stored.error()) && ++refusals == limits_.refusals) break;
    if (!pause(wait)) return drop(too_late, events.size());
  }
  if (events.size() == 1) return drop("the store refuses them");
  for (const Event& event : events) deliver({&event, 1});  // the others shall not go with the one that is refused
}

bool LateEvents::flush_is_over() const {
  return flush_until_ && std::chrono::steady_clock::now() >= *flush_until_;
}

// False when the time to flush is over.
bool LateEvents::pause(milliseconds wait) {
  std::unique_lock lock(mutex_);
  const bool stopping_already = flush_until_.has_value();
  wake_.wait_for(lock, wait, [&] { return flush_until_.has_value() != stopping_already; });
  return !flush_is_over();
}

}  // namespace trunkline::calls
