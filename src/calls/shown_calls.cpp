#include <trunkline/calls/live_snapshot.hpp>
#include <trunkline/calls/shown_calls.hpp>
#include <trunkline/observe/log.hpp>

#include <algorithm>
#include <utility>

namespace trunkline::calls {
namespace {

constexpr std::size_t page = 500;

}  // namespace

ShownCalls::Counted ShownCalls::counted(observe::Metrics& metrics, std::string_view level) {
  return {metrics.cache_requests("calls", level, "hit"), metrics.cache_requests("calls", level, "miss")};
}

ShownCalls::ShownCalls(const Parts& parts)
    : calls_(parts.calls),
      live_(parts.live),
      clock_(parts.clock),
      shared_(parts.shared),
      cache_(parts.limits, parts.clock),
      in_process_(counted(parts.metrics, "l1")),
      in_live_(counted(parts.metrics, "l2")) {}

void ShownCalls::start() {
  if (!cache_.keeps()) return;
  others_ = live_.subscribe(
      changes_channel, [this](std::string_view message) { hear_others(message); }, [this] { cache_.forget_all(); });
}

void ShownCalls::hear_others(std::string_view message) {
  const auto hear_of = [this](const std::string& call_id, std::int64_t version) { cache_.hear(call_id, version); };
  if (!read_changes(message, hear_of)) cache_.forget_all();
}

void ShownCalls::on_committed(const Event& /*event*/, const Call& call, std::optional<State> /*previous*/) {
  if (!cache_.keeps()) return;
  const auto now = cache_.begin();
  cache_.hear(call.id, call.version);
  cache_.put(std::make_shared<const Call>(call), now);
}

asio::awaitable<Result<CallCache::Found>> ShownCalls::find(std::string call_id, Freshness freshness) {
  const auto begun = cache_.begin();
  if (freshness == Freshness::any && listening()) {
    auto call = cache_.find(call_id);
    (call ? in_process_.hits : in_process_.misses).add();
    if (!call && shared_) call = co_await ask_others(call_id, begun);
    if (call) co_return call;
  }
  co_return co_await read(call_id, begun);
}

// What is too old there, or older than what was heard of, is a miss like what is not there.
asio::awaitable<CallCache::Found> ShownCalls::ask_others(const std::string& call_id, const CallCache::Begun& begun) {
  const WallTime now = clock_.wall();
  const auto shown = co_await live_.get_hash(live_key(call_id));
  CallCache::Found call;
  if (shown) {
    auto snapshot = find_snapshot(*shown, call_id);
    if (!snapshot && !told_damage_.exchange(true))
      log::debug("what Redis shows of a call cannot be read",
                 {{"callId", call_id}, {"reason", snapshot.error().detail}});
    if (snapshot && *snapshot) {
      const milliseconds age = std::max(now - (*snapshot)->read_at, milliseconds{0});
      call = std::make_shared<const Call>(std::move((*snapshot)->call));
      const bool good = age < cache_.limits().ttl && cache_.put(call, {begun.at - age, begun.heard});
      if (!good) call.reset();
    }
  }
  (call ? in_live_.hits : in_live_.misses).add();
  co_return call;
}

asio::awaitable<Result<CallCache::Found>> ShownCalls::read(const std::string& call_id, const CallCache::Begun& begun) {
  const WallTime now = clock_.wall();
  auto stored = co_await calls_.find(call_id);
  if (!stored) co_return stored.error();
  const CallCache::Found call = std::make_shared<const Call>(std::move(*stored));
  const bool newest = cache_.put(call, begun);
  if (newest && shared_ && cache_.keeps()) on_read_(*call, now);
  co_return call;
}

asio::awaitable<Result<>> ShownCalls::prefetch() {
  CallFilter filter;
  filter.terminal = false;
  for (std::size_t left = cache_.limits().calls; left > 0;) {
    filter.limit = std::min(page, left);
    const auto begun = cache_.begin();
    auto open = co_await calls_.list(filter);
    if (!open) co_return open.error();
    for (Call& call : open->data) cache_.put(std::make_shared<const Call>(std::move(call)), begun);
    left -= std::min(left, open->data.size());
    if (open->next_cursor.empty()) break;
    filter.cursor = open->next_cursor;
  }
  co_return Result<>{};
}

}  // namespace trunkline::calls
