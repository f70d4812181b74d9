#pragma once

#include <trunkline/base/clock.hpp>
#include <trunkline/observe/health.hpp>
#include <trunkline/observe/metrics.hpp>
#include <trunkline/store/live.hpp>

#include <cstdint>

namespace trunkline::app {

/// Tells the health of dependency `redis`, where there is one, and the metrics. Calls go on without it, so it is not
/// needed for readiness. On one loop.
class LiveCheck {
 public:
  LiveCheck(store::LiveStore& live, observe::Health& health, observe::Metrics& metrics, const Clock& clock);

  /// One check: something is written. Bounded by the store's own time-out.
  boost::asio::awaitable<void> run();

 private:
  store::LiveStore& live_;
  observe::Health& health_;
  observe::Metrics& metrics_;
  const Clock& clock_;
  std::uint64_t reconnects_ = 0;  // what the metrics know of
};

}  // namespace trunkline::app
