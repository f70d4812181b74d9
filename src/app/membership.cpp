#include "app/membership.hpp"

#include <trunkline/observe/log.hpp>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <nlohmann/json.hpp>

#include <utility>

namespace trunkline::app {
namespace {

constexpr int beats_in_timeout = 5;
constexpr milliseconds lease_time{30'000};

}  // namespace

Membership::Membership(const Parts& parts) : parts_(parts), vigil_(beats_in_timeout) {}

asio::awaitable<void> Membership::beat_forever() {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  for (;;) {
    co_await beat();
    timer.expires_after(parts_.timeout / beats_in_timeout);
    co_await timer.async_wait(asio::use_awaitable);
  }
}

asio::awaitable<void> Membership::beat() {
  const auto roll = co_await parts_.nodes.beat();
  if (!roll) {
    log::warn("no sign of life could be given", {{"reason", roll.error().message}});
    co_return;
  }
  if (std::exchange(known_, true) && roll->was_gone) co_await come_back();
  for (const auto& gone : vigil_.look(roll->others)) co_await settle(gone);
}

// The others gave us up while we hung, and marked our calls. Those whose streams run are connected all the same.
asio::awaitable<void> Membership::come_back() {
  const auto running = parts_.streams.call_ids();
  log::warn("this node was given up by the others and is back", {{"streams", running.size()}});
  const std::string data = nlohmann::json{{"reason", "node-back"}, {"node", parts_.nodes.id()}}.dump();
  for (const auto& call_id : running) {
    const auto told = co_await parts_.calls.append(call_id, calls::EventType::call_reconnected, data);
    if (!told)
      log::warn("a call could not be marked as connected", {{"callId", call_id}, {"reason", told.error().message}});
  }
}

// The node is given up last: should this one fail in between, the next to look begins again.
asio::awaitable<void> Membership::settle(store::NodeBeat gone) {
  std::size_t lost = 0;
  for (;;) {
    const auto batch = co_await parts_.calls.lose_streams_of(gone.id);
    if (!batch) {
      log::warn("the calls of a lost node wait", {{"node", gone.id}, {"reason", batch.error().message}});
      co_return;
    }
    if (*batch == 0) break;
    lost += *batch;
  }
  log::warn("a node is gone", {{"node", gone.id}, {"calls", lost}});
  if (parts_.shared_recordings) co_await parts_.recovery.finish_recordings(gone.id, parts_.clock.wall());
  const auto given_up = co_await parts_.nodes.give_up(std::move(gone));
  if (!given_up) log::warn("a lost node could not be struck off", {{"reason", given_up.error().message}});
}

asio::awaitable<bool> Membership::leads() {
  const auto held = co_await parts_.nodes.hold("upkeep", lease_time);
  co_return held && *held;
}

}  // namespace trunkline::app
