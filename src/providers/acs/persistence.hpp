#pragma once

#include <trunkline/base/backoff.hpp>
#include <trunkline/base/clock.hpp>
#include <trunkline/base/result.hpp>

#include <cstddef>
#include <optional>

namespace trunkline::providers::acs {

/// Decides whether the handling of an event that failed is tried again. The events of one request share the time that
/// there is: whoever sent them waits for all, and sends them again when it is over. Knows no clock. One thread.
class Persistence {
 public:
  /// No try begins after `until`.
  explicit Persistence(MonoTime until) : until_(until) {}

  /// How long to wait before an event is tried again, whose waits `backoff` has; nothing: it is given up, or trying
  /// again would change nothing.
  std::optional<milliseconds> wait_after(const Error& error, Backoff& backoff, MonoTime now, double chance);

  std::size_t retries() const { return retries_; }
  std::size_t given_up() const { return given_up_; }  ///< events that failed for now, and for which no time was left

 private:
  MonoTime until_;
  std::size_t retries_ = 0;
  std::size_t given_up_ = 0;
};

/// Whether what failed may go well a little later: the store is away, or Azure is.
bool may_pass(const Error& error);

}  // namespace trunkline::providers::acs
