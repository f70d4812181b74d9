#pragma once

#include <trunkline/base/clock.hpp>

#include <algorithm>
#include <cstdint>

namespace trunkline::store {

/// How long to wait before the next try: anything up to a limit that doubles ("full jitter"), so that those who failed
/// together do not come back together.
class Backoff {
 public:
  Backoff(milliseconds first, milliseconds longest) : first_(first), longest_(longest), limit_(first) {}

  /// `chance` is from [0, 1).
  milliseconds next(double chance) {
    const auto limit = limit_;
    limit_ = std::min(limit_ * 2, longest_);
    return milliseconds(static_cast<std::int64_t>(static_cast<double>(limit.count()) * chance));
  }
  void reset() { limit_ = first_; }

 private:
  milliseconds first_;
  milliseconds longest_;
  milliseconds limit_;
};

}  // namespace trunkline::store
