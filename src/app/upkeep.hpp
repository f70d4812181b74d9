#pragma once

#include "app/call_metrics.hpp"
#include "app/cleanup.hpp"
#include "app/hang_ups.hpp"
#include "app/live_calls.hpp"
#include "app/live_check.hpp"
#include "app/membership.hpp"
#include "app/provider_check.hpp"
#include "app/reconciler.hpp"
#include "app/store_check.hpp"

#include <trunkline/auth/authenticator.hpp>
#include <trunkline/calls/call_service.hpp>
#include <trunkline/calls/providers.hpp>
#include <trunkline/calls/shown_calls.hpp>
#include <trunkline/config/settings.hpp>
#include <trunkline/media/active_streams.hpp>
#include <trunkline/media/stream_commands.hpp>
#include <trunkline/net/server.hpp>
#include <trunkline/observe/health.hpp>
#include <trunkline/observe/metrics.hpp>
#include <trunkline/store/live.hpp>
#include <trunkline/store/sql.hpp>

#include <deque>
#include <memory>
#include <vector>

namespace trunkline::app {

/// What has to be done again and again: every worker's sign of life, the reaper, the checks of the store, of what is
/// live and of providers, the gauges, the cleanup.
class Upkeep {
 public:
  struct Parts {
    const config::Settings& settings;
    calls::CallService& calls;
    store::Database& database;
    store::LiveStore& live;
    media::ActiveStreams& streams;
    media::StreamCommands& commands;
    observe::Metrics& metrics;
    CallMetrics& call_metrics;
    LiveCalls& live_calls;
    calls::ShownCalls& shown_calls;
    const auth::Authenticator& authenticator;
    observe::Health& health;
    net::Server& server;
    net::Workers& workers;
    const calls::Providers& providers;
    Membership& membership;
    Cleanup& cleanup;
    const Clock& clock;
  };
  explicit Upkeep(const Parts& parts);
  ~Upkeep();

  /// Before the workers start.
  void start();

 private:
  class Heart;

  asio::awaitable<void> reap_forever();
  asio::awaitable<void> reconcile_forever(Reconciler& reconciler);
  void hang_up(const calls::Call& call);
  asio::awaitable<void> watch_forever();
  asio::awaitable<void> watch_live_forever();
  asio::awaitable<void> watch_provider_forever(ProviderCheck& check);
  asio::awaitable<void> export_forever();
  asio::awaitable<void> clean_forever();
  asio::awaitable<void> recount_forever();
  asio::awaitable<void> renew_live_forever();
  void export_gauges();
  void export_problems(const net::ServerCounters& counters);

  static constexpr std::size_t problem_kinds = 4;

  Parts parts_;
  StoreCheck store_check_;
  LiveCheck live_check_;
  std::deque<ProviderCheck> provider_checks_;  // of those that can be asked
  HangUps hang_ups_;
  std::deque<Reconciler> reconcilers_;  // one a provider
  std::vector<std::unique_ptr<Heart>> hearts_;
  std::uint64_t dropped_events_ = 0;  // what the metrics know of
  std::uint64_t dropped_lines_ = 0;
  std::array<std::uint64_t, problem_kinds> problems_{};
};

}  // namespace trunkline::app
