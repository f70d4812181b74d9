#pragma once

#include <cstdint>
#include <ctime>

namespace streamload {

inline constexpr std::uint64_t ns_per_second = 1'000'000'000;
inline constexpr std::uint64_t ns_per_ms = 1'000'000;

/// Nanoseconds of the monotonic clock.
inline std::uint64_t now_ns() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * ns_per_second + static_cast<std::uint64_t>(time.tv_nsec);
}

inline std::uint64_t ns_of(double seconds) {
  return seconds <= 0 ? 0 : static_cast<std::uint64_t>(seconds * 1e9);
}

inline double ms_of(std::uint64_t ns) {
  return static_cast<double>(ns) / 1e6;
}

}  // namespace streamload
