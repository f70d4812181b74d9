#pragma once

#include <trunkline/calls/call_cache.hpp>
#include <trunkline/calls/call_service.hpp>
#include <trunkline/observe/metrics.hpp>
#include <trunkline/store/live.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace trunkline::calls {

/// Calls for those who look at them: from this process, from what the nodes show each other (Redis), or else from the
/// database. Whoever decides something reads CallService::find().
///
/// A call is shown as it was at most `limits.ttl` ago (and, by way of Redis, by how much the nodes' clocks differ),
/// whatever gets lost; in order, it is as old as a message between nodes takes. What this node stored, or has shown as
/// an event or in a list, is never taken back. While the live store is away, the database answers.
class ShownCalls final : public EventObserver {
 public:
  struct Parts {
    CallService& calls;
    store::LiveStore& live;
    observe::Metrics& metrics;
    const Clock& clock;
    CallCache::Limits limits;
    bool shared = false;  ///< the live store is nearer than the database, and other nodes show calls there
  };
  explicit ShownCalls(const Parts& parts);

  /// Listens to the other nodes. Before the live store's loop turns, once.
  void start();

  /// `listener` hears of each call that the database was asked for, and when. Before the first.
  void on_read(std::function<void(const Call& call, WallTime read_at)> listener) { on_read_ = std::move(listener); }

  enum class Freshness : std::uint8_t {
    any,
    stored,  ///< as the database has it now
  };
  /// Errors of CallService::find(). Any worker.
  asio::awaitable<Result<CallCache::Found>> find(std::string call_id, Freshness freshness);

  /// Reads the open calls, the newest first, before they are asked for.
  asio::awaitable<Result<>> prefetch();

  void on_committed(const Event& event, const Call& call, std::optional<State> previous) override;
  /// Somebody sees that the call has come so far. Any thread.
  void hear(const std::string& call_id, std::int64_t version) { cache_.hear(call_id, version); }

  std::size_t kept() const { return cache_.size(); }

 private:
  bool listening() const { return cache_.keeps() && live_.connected(); }
  void hear_others(std::string_view message);
  asio::awaitable<CallCache::Found> ask_others(const std::string& call_id, const CallCache::Begun& begun);
  asio::awaitable<Result<CallCache::Found>> read(const std::string& call_id, const CallCache::Begun& begun);

  struct Counted {
    observe::Counter hits;
    observe::Counter misses;
  };
  static Counted counted(observe::Metrics& metrics, std::string_view level);

  CallService& calls_;
  store::LiveStore& live_;
  const Clock& clock_;
  const bool shared_;
  CallCache cache_;
  const Counted in_process_;
  const Counted in_live_;
  std::function<void(const Call&, WallTime)> on_read_ = [](const Call&, WallTime) {};
  std::atomic<bool> told_damage_ = false;
  std::unique_ptr<store::LiveStore::Subscription> others_;
};

}  // namespace trunkline::calls
