#pragma once

#include <trunkline/base/backoff.hpp>
#include <trunkline/base/clock.hpp>
#include <trunkline/base/offload.hpp>
#include <trunkline/calls/provider.hpp>
#include <trunkline/observe/health.hpp>

#include <optional>

namespace trunkline::app {

/// Tells the health of the dependency that is named as the provider. Calls that run go on without it, and so do those
/// of other providers, so it is not needed for readiness. What answers badly is degraded, what does not answer or takes
/// us for somebody else is down. On one loop.
class ProviderCheck {
 public:
  struct Parts {
    calls::Provider& provider;  ///< one that is checkable()
    observe::Health& health;
    const Clock& clock;
    milliseconds interval;         ///< between checks that went well
    milliseconds patience{6'000};  ///< a little longer than the provider takes to give up by itself
  };
  explicit ProviderCheck(const Parts& parts);

  /// One check. Ends with the provider's answer, whatever was reported.
  asio::awaitable<void> run();
  /// The time until the next: after a failure sooner than the interval, at first.
  milliseconds pause() const { return pause_; }

 private:
  using Finding = observe::Health::Finding;

  void note(Finding finding, const Error& error);

  Parts parts_;
  Backoff sooner_;
  milliseconds pause_;
  std::optional<Finding> last_;
};

}  // namespace trunkline::app
