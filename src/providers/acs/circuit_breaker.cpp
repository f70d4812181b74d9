#include <trunkline/providers/acs/circuit_breaker.hpp>

#include <algorithm>

namespace trunkline::providers::acs {

bool CircuitBreaker::admits(MonoTime now) {
  const std::lock_guard lock(mutex_);
  if (!open_) return true;
  if (now < next_try_) return false;
  trying_ = true;
  next_try_ = now + pause_;
  return true;
}

void CircuitBreaker::succeeded() {
  const std::lock_guard lock(mutex_);
  failures_ = 0;
  open_ = false;
  trying_ = false;
}

void CircuitBreaker::failed(MonoTime now) {
  const std::lock_guard lock(mutex_);
  if (open_) {
    if (!trying_) return;  // what was under way when it opened says nothing new
    pause_ = std::min(pause_ * 2, settings_.longest_pause);
  } else {
    if (++failures_ < settings_.failures) return;
    open_ = true;
    pause_ = settings_.first_pause;
  }
  trying_ = false;
  next_try_ = now + pause_;
}

bool CircuitBreaker::open() const {
  const std::lock_guard lock(mutex_);
  return open_;
}

}  // namespace trunkline::providers::acs
