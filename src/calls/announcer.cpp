#include "announcer.hpp"

#include <algorithm>
#include <utility>

namespace trunkline::calls {

void Announcer::enter(const std::shared_ptr<Batch>& batch, std::vector<Committed> events) {
  const std::lock_guard lock(mutex_);
  batch->events = std::move(events);
  std::erase(queue_, batch);
  if (!batch->events.empty()) queue_.push_back(batch);
}

void Announcer::settle(const std::shared_ptr<Batch>& batch, bool committed) {
  std::unique_lock lock(mutex_);
  if (batch->outcome == Place::Outcome::open) {
    batch->outcome = committed ? Place::Outcome::committed : Place::Outcome::dropped;
  }
  if (announcing_) return;
  announcing_ = true;
  while (!queue_.empty() && queue_.front()->outcome != Place::Outcome::open) {
    const auto next = std::move(queue_.front());
    queue_.pop_front();
    if (next->outcome == Place::Outcome::dropped) continue;
    lock.unlock();
    announce(*next);
    lock.lock();
  }
  announcing_ = false;
}

void Announcer::announce(const Batch& batch) const {
  for (const Committed& committed : batch.events) {
    for (EventObserver* observer : observers_)
      observer->on_committed(committed.event, committed.call, committed.previous);
  }
}

}  // namespace trunkline::calls
