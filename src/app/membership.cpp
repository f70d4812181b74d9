#include "app/membership.hpp"

#include <trunkline/observe/log.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
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
    if (roll.error().code != "node_left")
      log::warn("no sign of life could be given", {{"reason", roll.error().message}});
    co_return;
  }
  const MonoTime now = parts_.clock.mono();
  const bool known = last_beat_ != MonoTime{};
  owes_return_ = owes_return_ || (known && (roll->was_gone || now - last_beat_ >= parts_.timeout));
  last_beat_ = now;
  if (owes_return_) co_await come_back();
  // Beside the beats: it may take longer than the others wait for one.
  const auto executor = co_await asio::this_coro::executor;
  for (const auto& gone : vigil_.look(roll->others)) {
    if (settling_.insert(gone.id).second) asio::co_spawn(executor, settle(gone), asio::detached);
  }
}

// The others may have given us up while we hung, and marked our calls. Those whose streams run are connected all the
// same.
asio::awaitable<void> Membership::come_back() {
  const auto running = parts_.streams.call_ids();
  log::warn("this node was silent and is back", {{"streams", running.size()}});
  bool all = true;
  for (const auto& call_id : running) {
    const auto told = co_await parts_.calls.regain_stream(call_id);
    all = all && told;
  }
  owes_return_ = !all;
}

// By one node, which gives up the lost one last: should it fail in between, the next to look begins again.
asio::awaitable<void> Membership::settle(store::NodeBeat gone) {
  const auto mine = co_await parts_.nodes.hold("settle/" + gone.id, lease_time);
  bool marked = false;
  if (mine && *mine) marked = co_await mark_calls_of(gone.id);
  if (marked && parts_.shared_recordings) co_await parts_.recovery.finish_recordings(gone.id, parts_.clock.wall());
  if (marked) {
    const auto given_up = co_await parts_.nodes.give_up(gone);
    if (!given_up) log::warn("a lost node could not be struck off", {{"reason", given_up.error().message}});
  }
  settling_.erase(gone.id);
}

asio::awaitable<bool> Membership::mark_calls_of(const std::string& node) {
  const auto lost = co_await parts_.calls.lose_streams_of(node, "node-lost");
  if (lost) {
    log::warn("a node is gone", {{"node", node}, {"calls", *lost}});
  } else {
    log::warn("the calls of a lost node wait", {{"node", node}, {"reason", lost.error().message}});
  }
  co_return lost.has_value();
}

asio::awaitable<bool> Membership::leads() {
  const auto held = co_await parts_.nodes.hold("upkeep", lease_time);
  co_return held && *held;
}

}  // namespace trunkline::app
