#pragma once

#include <trunkline/base/clock.hpp>

#include <mutex>

namespace trunkline::providers::acs {

/// Spares a service that is down, and those who would wait for it: after some failures in a row nothing is sent any
/// more, but for one request at the end of each pause that tries how it stands. Knows no clock. Any thread.
class CircuitBreaker {
 public:
  struct Settings {
    int failures = 10;  ///< in a row, until it opens
    milliseconds first_pause{5'000};
    milliseconds longest_pause{60'000};  ///< what each failed try doubles the pause up to
  };

  CircuitBreaker() = default;
  explicit CircuitBreaker(const Settings& settings) : settings_(settings) {}

  /// Whether a request may be sent now. True at the end of a pause is for this one request: who says nothing about it
  /// afterwards only delays the next try by one more pause.
  bool admits(MonoTime now);
  /// The service answered: sensibly, or that we are in the wrong (4xx).
  void succeeded();
  /// The service failed (5xx), or was not there.
  void failed(MonoTime now);

  bool open() const;

 private:
  mutable std::mutex mutex_;
  Settings settings_;
  int failures_ = 0;
  bool open_ = false;
  bool trying_ = false;
  milliseconds pause_{0};
  MonoTime next_try_;
};

}  // namespace trunkline::providers::acs
