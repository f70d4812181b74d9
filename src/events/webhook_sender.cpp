#include "events/webhook_pump.hpp"

#include <trunkline/events/webhook_sender.hpp>
#include <trunkline/observe/log.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <charconv>
#include <utility>
#include <vector>

namespace trunkline::events::webhooks {
namespace {

using store::Sql;

constexpr milliseconds look_interval{1'000};  // commits of this node wake at once; this finds those of others
constexpr milliseconds gather{20};            // what calls do meanwhile is taken note of together
constexpr milliseconds export_interval{5'000};
constexpr std::chrono::minutes prune_interval{10};
constexpr milliseconds prune_pause{100};
constexpr std::int64_t prune_batch = 500;
constexpr std::size_t share = 4;  // of all that may be under way, for one endpoint

std::uint32_t seed_of(const std::string& hex) {
  std::uint32_t seed = 1;
  std::from_chars(hex.data(), hex.data() + hex.size(), seed, 16);
  return seed;
}

}  // namespace

Sender::Sender(Parts parts)
    : parts_(std::move(parts)), wakeup_(parts_.worker.context()), dice_(seed_of(parts_.ids.secret(4))) {
  parts_.registry.on_change([this] {
    asked_ = true;
    wake();
  });
}

Sender::~Sender() = default;

void Sender::start() {
  auto& loop = parts_.worker.context();
  asio::co_spawn(loop, [this] { return look_forever(); }, asio::detached);
  asio::co_spawn(loop, [this] { return prune_forever(); }, asio::detached);
  asio::co_spawn(loop, [this] { return export_forever(); }, asio::detached);
}

void Sender::stop() {
  stopping_ = true;
  wake();
}

asio::awaitable<void> Sender::look_forever() {
  MonoTime looked_at{};
  while (!stopping_) {
    wakeup_.take();
    const MonoTime now = parts_.clock.mono();
    if (asked_.exchange(false) || now >= looked_at + look_interval) {
      looked_at = now;
      const auto looked = co_await look();
      if (!looked) log::warn("webhooks wait for the store", {{"reason", looked.error().message}});
    } else {
      for (const auto& [id, pump] : pumps_) pump->look_again(std::nullopt);
    }
    co_await pause(gather);
    co_await wakeup_.rest(look_interval);
  }
  for (const auto& [id, pump] : pumps_) pump->end();
}

asio::awaitable<Result<>> Sender::look() {
  auto work = [this](Sql& sql) -> Result<std::vector<Offer>> { return read_offers(sql, parts_.node_id); };
  const auto offers = co_await parts_.database.read<std::vector<Offer>>(work);
  if (!offers) co_return offers.error();
  for (const Offer& offer : *offers) {
    const auto known = pumps_.find(offer.endpoint_id);
    if (known != pumps_.end()) {
      known->second->look_again(offer.touched);
    } else if (offer.enabled && offer.claimable && !stopping_) {
      ++pumps_alive_;
      pumps_.emplace(offer.endpoint_id, std::make_shared<Pump>(*this, offer.endpoint_id)).first->second->start();
    }
  }
  co_return Result<>();
}

asio::awaitable<void> Sender::prune_forever() {
  const std::chrono::days kept(static_cast<int>(parts_.settings.retention_days));
  for (;;) {
    auto work = [before = parts_.clock.wall() - kept](Sql& sql) -> Result<std::int64_t> {
      return prune(sql, before, prune_batch);
    };
    const auto pruned = co_await parts_.database.write<std::int64_t>(work);
    if (!pruned) log::warn("old webhook deliveries were not removed", {{"reason", pruned.error().message}});
    const bool more = pruned && *pruned >= prune_batch;
    co_await pause(more ? prune_pause : milliseconds(prune_interval));
  }
}

asio::awaitable<void> Sender::export_forever() {
  for (;;) {
    auto count = [](Sql& sql) -> Result<Backlog> { return count_backlog(sql); };
    const auto backlog = co_await parts_.database.read<Backlog>(count);
    if (backlog) {
      parts_.metrics.webhook_deliveries_kept("pending").set(static_cast<double>(backlog->pending));
      parts_.metrics.webhook_deliveries_kept("dead").set(static_cast<double>(backlog->dead));
    }
    co_await pause(export_interval);
  }
}

std::size_t Sender::limit_per_endpoint() const {
  return (parts_.settings.concurrency + share - 1) / share;
}

void Sender::under_way(int more) {
  const bool none_left = in_flight_ >= parts_.settings.concurrency;
  in_flight_ += static_cast<std::size_t>(more);
  if (!none_left || more > 0) return;
  for (const auto& [id, pump] : pumps_) pump->room();
}

void Sender::ended(const Pump& pump) {
  pumps_.erase(pump.endpoint_id());
  --pumps_alive_;
}

}  // namespace trunkline::events::webhooks
