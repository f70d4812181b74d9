#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace trunkline::observe {

/// The distribution of durations since it was made, in 3 KiB however many there are: each is counted in a bucket that
/// is at most a sixteenth wide. Any thread; noting one is a few atomic operations.
class LatencyFigures {
 public:
  using Duration = std::chrono::microseconds;

  /// From nothing to two minutes; what is beyond either end is counted there.
  void note(Duration took);

  struct Snapshot {
    std::uint64_t count = 0;
    double average_ms = 0;
    double p50_ms = 0;  ///< by nearest rank; up to a sixteenth too high, never above `max_ms`
    double p95_ms = 0;
    double p99_ms = 0;
    double max_ms = 0;
  };
  /// Of a moment in which others may be noting: close, not exact to the last.
  Snapshot snapshot() const;

 private:
  static constexpr unsigned steps_bits = 4;  // an octave has 16 buckets
  static constexpr std::uint64_t most_us = (1ULL << 27U) - 1;
  static constexpr std::size_t buckets = (27 - steps_bits + 1) << steps_bits;

  static std::size_t bucket_of(std::uint64_t us);
  static std::uint64_t end_of(std::size_t bucket);

  std::array<std::atomic<std::uint64_t>, buckets> counts_{};
  std::atomic<std::uint64_t> sum_us_{0};
  std::atomic<std::uint64_t> max_us_{0};
};

}  // namespace trunkline::observe
