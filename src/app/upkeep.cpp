#include "app/upkeep.hpp"

#include <trunkline/observe/log.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <optional>
#include <utility>

namespace trunkline::app {
namespace {

constexpr milliseconds watch_interval{2'000};
constexpr milliseconds recount_interval{5'000};

void export_growth(const observe::Counter& counter, std::uint64_t total, std::uint64_t& known) {
  counter.add(static_cast<double>(total - std::exchange(known, total)));
}

asio::awaitable<void> pause(milliseconds time) {
  asio::steady_timer timer(co_await asio::this_coro::executor, time);
  co_await timer.async_wait(asio::use_awaitable);
}

}  // namespace

/// A worker's sign of life: it beats as long as the loop turns.
class Upkeep::Heart final : public net::Ticking {
 public:
  Heart(observe::Health& health, observe::LoopLag lag, net::Worker& worker)
      : health_(health), lag_(lag), worker_(worker) {
    worker.add(*this);
  }

  void on_tick(MonoTime /*now*/) override {
    health_.beat(worker_.index());
    lag_.observe(worker_.lag());
  }

 private:
  observe::Health& health_;
  observe::LoopLag lag_;
  net::Worker& worker_;
};

Upkeep::Upkeep(const Parts& parts)
    : parts_(parts),
      store_check_(parts.database, parts.health, parts.clock),
      live_check_(parts.live, parts.health, parts.metrics, parts.clock),
      hang_ups_(parts.providers, parts.workers.at(0).context()) {
  for (calls::Provider* provider : parts.providers.all()) {
    if (!provider->configured()) continue;
    reconcilers_.emplace_back(
        Reconciler::Parts{parts.settings.calls, parts.calls, parts.database, *provider, parts.metrics, parts.clock});
  }
  for (calls::Provider* provider : parts.providers.all()) {
    if (!provider->checkable()) continue;
    provider_checks_.emplace_back(
        ProviderCheck::Parts{*provider, parts.health, parts.clock, parts.settings.acs.health_interval});
  }
}

Upkeep::~Upkeep() = default;

void Upkeep::start() {
  for (std::size_t i = 0; i < parts_.workers.size(); ++i) {
    hearts_.push_back(std::make_unique<Heart>(parts_.health, parts_.metrics.event_loop_lag(i), parts_.workers.at(i)));
  }
  auto& loop = parts_.workers.at(0).context();
  asio::co_spawn(loop, parts_.membership.beat_forever(), asio::detached);
  asio::co_spawn(loop, reap_forever(), asio::detached);
  if (parts_.settings.calls.reconcile_interval.count() > 0) {
    for (Reconciler& reconciler : reconcilers_) asio::co_spawn(loop, reconcile_forever(reconciler), asio::detached);
  }
  asio::co_spawn(loop, watch_forever(), asio::detached);
  asio::co_spawn(loop, watch_live_forever(), asio::detached);
  for (ProviderCheck& check : provider_checks_) asio::co_spawn(loop, watch_provider_forever(check), asio::detached);
  asio::co_spawn(loop, export_forever(), asio::detached);
  asio::co_spawn(loop, renew_live_forever(), asio::detached);
  asio::co_spawn(loop, clean_forever(), asio::detached);
  if (!parts_.settings.database.url.empty()) asio::co_spawn(loop, recount_forever(), asio::detached);
}

asio::awaitable<void> Upkeep::reap_forever() {
  for (;;) {
    co_await pause(parts_.settings.calls.reaper_interval);
    const bool leads = co_await parts_.membership.leads();
    const std::size_t most_closed = leads ? hang_ups_.room() : 0;
    const auto closed = co_await parts_.calls.reap(
        most_closed, parts_.settings.calls, [this](const std::string& call_id) { return parts_.streams.has(call_id); });
    if (!closed) log::warn("the reaper could not run", {{"reason", closed.error().message}});
    if (!closed || closed->empty()) continue;
    log::info("stale calls closed", {{"calls", closed->size()}});
    for (const calls::Call& call : *closed) hang_up(call);
  }
}

// What is over for us must not go on elsewhere, recorded and paid for.
void Upkeep::hang_up(const calls::Call& call) {
  parts_.commands.end_soon(call.id, call.node, {media::EndCause::idle, "", false});
  hang_ups_.push(call);
}

asio::awaitable<void> Upkeep::reconcile_forever(Reconciler& reconciler) {
  for (;;) {
    const bool leads = co_await parts_.membership.leads();
    if (leads) co_await reconciler.run();
    co_await pause(parts_.settings.calls.reconcile_interval);
  }
}

asio::awaitable<void> Upkeep::watch_forever() {
  for (;;) {
    co_await store_check_.run();
    co_await pause(watch_interval);
  }
}

asio::awaitable<void> Upkeep::watch_live_forever() {
  for (;;) {
    co_await live_check_.run();
    co_await pause(watch_interval);
  }
}

asio::awaitable<void> Upkeep::watch_provider_forever(ProviderCheck& check) {
  for (;;) {
    co_await check.run();
    co_await pause(check.pause());
  }
}

// Apart from the store's check: how long its queue is matters most when it hangs.
asio::awaitable<void> Upkeep::export_forever() {
  for (;;) {
    export_gauges();
    co_await pause(watch_interval);
  }
}

asio::awaitable<void> Upkeep::clean_forever() {
  for (;;) {
    const bool leads = co_await parts_.membership.leads();
    co_await parts_.cleanup.run(leads);
    co_await pause(parts_.settings.cleanup.interval);
  }
}

// At its times, and at once when what is live may have been lost. At the start active calls are shown, and read into
// memory, before anybody asks.
asio::awaitable<void> Upkeep::renew_live_forever() {
  std::optional<std::uint64_t> prefetched;  // on that connection
  for (;;) {
    const auto losses = parts_.live.losses();
    if (std::exchange(prefetched, losses) != losses) {
      const auto read = co_await parts_.shown_calls.prefetch();
      if (!read) log::debug("open calls were not read ahead", {{"reason", read.error().message}});
    }
    co_await parts_.live_calls.renew_streams();
    const bool leads = co_await parts_.membership.leads();
    if (leads) {
      const auto renewed = co_await parts_.live_calls.renew_calls();
      if (!renewed) log::debug("live calls were not renewed", {{"reason", renewed.error().message}});
    }
    for (auto waited = milliseconds{0}; waited < LiveCalls::renewal && parts_.live.losses() == losses;
         waited += watch_interval) {
      co_await pause(watch_interval);
    }
  }
}

// Where there are other nodes, calls begin and end without a word to this one.
asio::awaitable<void> Upkeep::recount_forever() {
  for (;;) {
    co_await pause(recount_interval);
    const auto counted = co_await parts_.call_metrics.recount(parts_.database);
    if (!counted) log::debug("calls could not be counted", {{"reason", counted.error().message}});
  }
}

void Upkeep::export_gauges() {
  const net::ServerCounters& counters = parts_.server.counters();
  parts_.metrics.connections("all").set(static_cast<double>(counters.connections));
  parts_.metrics.connections("websocket").set(static_cast<double>(counters.websockets));
  export_problems(counters);
  parts_.metrics.store_queue().set(static_cast<double>(parts_.database.queued()));
  parts_.metrics.cache_entries("calls").set(static_cast<double>(parts_.shown_calls.kept()));
  parts_.metrics.cache_entries("tokens").set(static_cast<double>(parts_.authenticator.tokens_kept()));
  export_growth(parts_.metrics.events_dropped(), parts_.calls.dropped_events(), dropped_events_);
  export_growth(parts_.metrics.log_lines_dropped(), log::dropped_lines(), dropped_lines_);
}

void Upkeep::export_problems(const net::ServerCounters& counters) {
  const std::array<std::pair<std::string_view, std::uint64_t>, problem_kinds> now = {
      {{"refused", counters.refused},
       {"accept_error", counters.accept_errors},
       {"timed_out", counters.timed_out},
       {"malformed", counters.malformed}}};
  for (std::size_t i = 0; i < now.size(); ++i) {
    const auto [kind, total] = now[i];
    const std::uint64_t more = total - std::exchange(problems_[i], total);
    parts_.metrics.connection_problems(kind).add(static_cast<double>(more));
    if (more > 0) log::warn("connections failed", {{"kind", kind}, {"count", more}});
  }
}

}  // namespace trunkline::app
