#pragma once

#include <chrono>

namespace trunkline {

using std::chrono::milliseconds;

/// A moment of the day: UTC with millisecond resolution. What is stored and shown.
using WallTime = std::chrono::sys_time<milliseconds>;

/// A moment on a clock that never jumps. What time-outs and playout are measured with.
using MonoTime = std::chrono::steady_clock::time_point;

/// Where time comes from. Injected, so that a test advances it and a recorded call can be replayed.
/// Implementations are safe to call from any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual WallTime wall() const = 0;
  virtual MonoTime mono() const = 0;
};

/// The machine's clocks.
const Clock& system_clock();

inline std::int64_t to_millis(WallTime time) {
  return time.time_since_epoch().count();
}
inline WallTime from_millis(std::int64_t ms) {
  return WallTime{milliseconds{ms}};
}

}  // namespace trunkline
