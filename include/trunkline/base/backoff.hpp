#pragma once

#include <trunkline/base/clock.hpp>

namespace trunkline {

/// How long to wait before what failed is tried again: twice as long each time, up to a limit. Knows no clock. One
/// thread.
class Backoff {
 public:
  struct Schedule {
    milliseconds first{250};
    milliseconds longest{2'000};
  };
  explicit Backoff(const Schedule& schedule) : schedule_(schedule), next_(schedule.first) {}

  /// The next wait. `chance` is random, 0 up to 1: a wait is between half and the whole of what the schedule says, so
  /// that many who failed together do not come back together. Without it, the whole.
  milliseconds next(double chance = 1);
  /// It went well: the next wait is the first again.
  void reset() { next_ = schedule_.first; }

 private:
  Schedule schedule_;
  milliseconds next_;
};

}  // namespace trunkline
