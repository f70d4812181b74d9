#pragma once

#include <trunkline/base/clock.hpp>

#include <atomic>

namespace trunkline::test {

/// Time that stands still until a test moves it. Both clocks move together.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(WallTime start = from_millis(1'790'000'000'000)) : wall_(to_millis(start)) {}

  WallTime wall() const override { return from_millis(wall_); }
  MonoTime mono() const override { return MonoTime{milliseconds{wall_}}; }
  void advance(milliseconds step) { wall_ += step.count(); }

 private:
  std::atomic<std::int64_t> wall_;
};

}  // namespace trunkline::test
