#include "app/live_check.hpp"

#include <chrono>
#include <utility>

namespace trunkline::app {

using namespace std::chrono_literals;

LiveCheck::LiveCheck(store::LiveStore& live, observe::Health& health, observe::Metrics& metrics, const Clock& clock)
    : live_(live), health_(health), metrics_(metrics), clock_(clock) {
  if (live.driver() == "redis") health.expect("redis", false, live.driver());
}

boost::asio::awaitable<void> LiveCheck::run() {
  const MonoTime began = clock_.mono();
  const auto written = co_await live_.put("pulse", std::to_string(to_millis(clock_.wall())), 60s);
  const auto took = std::chrono::duration_cast<milliseconds>(clock_.mono() - began);
  health_.report("redis", written.has_value(), took, written ? "" : written.error().message);
  metrics_.live_up().set(written && live_.connected() ? 1 : 0);
  const std::uint64_t losses = live_.losses();
  metrics_.live_reconnects().add(static_cast<double>(losses - std::exchange(reconnects_, losses)));
}

}  // namespace trunkline::app
