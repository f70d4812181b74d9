#include "app/live_calls.hpp"

#include <trunkline/base/text.hpp>
#include <trunkline/observe/log.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>
#include <utility>

namespace trunkline::app {
namespace {

using calls::EventType;

constexpr std::size_t max_waiting = 20'000;
constexpr std::size_t max_read = 1'000;  // wait at most when what was only read is left out
constexpr std::size_t at_once = 16;      // so many round trips share their way
constexpr std::size_t announcing_at_once = 4;
constexpr std::size_t max_announced = 200;  // calls in one message: less than 10 KiB
constexpr std::size_t max_calls = 100'000;
constexpr std::size_t max_segments = 200;
constexpr milliseconds call_ttl{90'000};
constexpr milliseconds ended_ttl{10'000};
constexpr milliseconds stream_ttl{60'000};
constexpr milliseconds transcript_ttl{3'600'000};
const std::string index_key = "calls";

std::string stream_key(const std::string& id) {
  return "stream/" + id;
}

bool tells_more(EventType type) {
  return type == EventType::media_started || type == EventType::media_ended || type == EventType::transcript_segment;
}

}  // namespace

void LiveCalls::on_committed(const calls::Event& event, const calls::Call& call, std::optional<calls::State> previous) {
  Change change{call, parts_.clock.wall(), true, !previous, std::nullopt};
  if (tells_more(event.type)) change.event = event;
  push(std::move(change));
  note_change(call);
}

void LiveCalls::show(const calls::Call& call, WallTime read_at) {
  if (parts_.snapshots_for <= milliseconds{0}) return;
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() >= max_read) return;
  }
  push({call, read_at, false, false, std::nullopt});
}

// A call that waits to be told is told as it is now; what does not fit is told by the next renewal.
void LiveCalls::push(Change change) {
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() >= max_waiting) return;
    if (change.is_new && !change.event && !waiting_.empty() && !waiting_.back().event &&
        waiting_.back().call.id == change.call.id) {
      change.is_first |= waiting_.back().is_first;
      waiting_.back() = std::move(change);
      return;
    }
    waiting_.push_back(std::move(change));
    if (draining_ == at_once) return;
    ++draining_;
  }
  // Posted: on the loop itself a coroutine would begin at once, in the middle of whatever made the change.
  asio::post(parts_.loop, [this] { asio::co_spawn(parts_.loop, drain(), asio::detached); });
}

// Several of these run at once. Each hands its change to the store before it waits, so that one call's changes arrive
// in their order.
asio::awaitable<void> LiveCalls::drain() {
  for (;;) {
    std::optional<Change> next;
    {
      const std::lock_guard lock(mutex_);
      if (waiting_.empty()) {
        --draining_;
        co_return;
      }
      next = std::move(waiting_.front());
      waiting_.pop_front();
    }
    co_await tell(*next);
  }
}

store::Hash LiveCalls::to_hash(const calls::Call& call, WallTime read_at) const {
  store::Hash hash = {{"state", std::string(calls::to_string(call.state))},
                      {"provider", call.provider},
                      {"providerCallId", call.provider_call_id},
                      {"direction", std::string(calls::to_string(call.direction))},
                      {"from", call.from},
                      {"to", call.to},
                      {"createdAt", text::to_rfc3339(call.created_at)},
                      {"node", call.node},
                      {"route", call.route}};
  if (parts_.snapshots_for > milliseconds{0}) calls::add_snapshot(hash, call, read_at);
  return hash;
}

asio::awaitable<void> LiveCalls::tell(const Change& change) {
  const calls::Call& call = change.call;
  if (calls::is_terminal(call.state)) {
    co_await end(change);
  } else {
    co_await put(change);
  }
  if (!change.event) co_return;
  switch (change.event->type) {
    case EventType::media_started:
      if (call.node == parts_.node) co_await claim(call.id, change.event->version);
      break;
    case EventType::media_ended:
      co_await release(call.id);
      break;
    default:
      (void)co_await parts_.live.append_to("transcript/" + call.id, change.event->data, max_segments, transcript_ttl);
  }
}

asio::awaitable<void> LiveCalls::put(const Change& change) {
  const calls::Call& call = change.call;
  auto hash = to_hash(call, change.read_at);
  const auto put = co_await parts_.live.put_newer(calls::live_key(call.id), std::move(hash), call.version, call_ttl);
  if (!put)
    log::debug("a call is not shown to the other nodes", {{"callId", call.id}, {"reason", put.error().message}});
  if (!change.is_first) co_return;
  const auto began = static_cast<double>(to_millis(call.created_at));
  (void)co_await parts_.live.add_scored(index_key, call.id, began, max_calls, call_ttl);
}

// It stays for a moment: an older account of the call that is still on its way finds it and changes nothing.
asio::awaitable<void> LiveCalls::end(const Change& change) {
  const calls::Call& call = change.call;
  auto hash = to_hash(call, change.read_at);
  const milliseconds ttl = std::max(ended_ttl, parts_.snapshots_for);
  (void)co_await parts_.live.put_newer(calls::live_key(call.id), std::move(hash), call.version, ttl);
  if (change.is_new) (void)co_await parts_.live.remove_scored(index_key, call.id);
}

void LiveCalls::note_change(const calls::Call& call) {
  {
    const std::lock_guard lock(mutex_);
    if (changed_.size() >= max_waiting) {
      changed_.clear();
      any_changed_ = true;
    }
    changed_[call.id] = call.version;  // in the order of versions
  }
  begin_announcing();
}

void LiveCalls::begin_announcing() {
  {
    const std::lock_guard lock(mutex_);
    if (announcing_ == announcing_at_once || (changed_.empty() && !any_changed_)) return;
    ++announcing_;
  }
  asio::post(parts_.loop, [this] { asio::co_spawn(parts_.loop, announce(), asio::detached); });
}

std::optional<std::string> LiveCalls::next_announcement() {
  const std::lock_guard lock(mutex_);
  if (std::exchange(any_changed_, false)) {
    changed_.clear();
    return calls::all_changed;
  }
  calls::Changes next;
  while (!changed_.empty() && next.size() < max_announced) next.insert(changed_.extract(changed_.begin()));
  if (next.empty()) {
    --announcing_;
    return std::nullopt;
  }
  return calls::to_message(next);
}

// What was committed while the others could not be told they hear of as soon as they can.
asio::awaitable<void> LiveCalls::announce() {
  for (;;) {
    auto message = next_announcement();
    if (!message) co_return;
    const auto heard = co_await parts_.live.publish(calls::changes_channel, std::move(*message));
    if (heard) continue;
    const std::lock_guard lock(mutex_);
    any_changed_ = true;
    --announcing_;
    co_return;
  }
}

asio::awaitable<void> LiveCalls::claim(const std::string& call_id, std::int64_t fence) {
  {
    const std::lock_guard lock(mutex_);
    claims_[call_id] = {fence, false};
  }
  const auto claimed = co_await parts_.live.claim(stream_key(call_id), parts_.node, fence, stream_ttl);
  if (!claimed || *claimed) co_return;  // while it cannot be asked nobody else can claim it either
  log::warn("another node has this call's stream now", {{"callId", call_id}});
  parts_.commands.end_soon(call_id, parts_.node, {media::EndCause::no_place, "", false});
}

asio::awaitable<void> LiveCalls::release(const std::string& call_id) {
  std::int64_t fence = 0;
  {
    const std::lock_guard lock(mutex_);
    const auto found = claims_.find(call_id);
    if (found == claims_.end()) co_return;
    fence = found->second.fence;
    claims_.erase(found);
  }
  (void)co_await parts_.live.release(stream_key(call_id), parts_.node, fence);
}

// A stream is claimed a moment before it runs: one that is missed once may only just begin.
bool LiveCalls::missed_twice(const std::string& call_id) {
  const std::lock_guard lock(mutex_);
  const auto found = claims_.find(call_id);
  return found != claims_.end() && std::exchange(found->second.missed, true);
}

asio::awaitable<void> LiveCalls::renew_streams() {
  begin_announcing();
  std::map<std::string, Claim> claims;
  {
    const std::lock_guard lock(mutex_);
    claims = claims_;
  }
  for (const auto& [call_id, held] : claims) {
    if (parts_.streams.has(call_id)) {
      co_await claim(call_id, held.fence);
    } else if (missed_twice(call_id)) {
      co_await release(call_id);
    }
  }
}

asio::awaitable<Result<std::vector<calls::Call>>> LiveCalls::open_calls() {
  std::vector<calls::Call> open;
  calls::CallFilter filter;
  filter.terminal = false;
  filter.limit = 500;
  for (;;) {
    auto page = co_await parts_.calls.list(filter);
    if (!page) co_return page.error();
    for (auto& call : page->data) open.push_back(std::move(call));
    if (page->next_cursor.empty() || open.size() >= max_calls) co_return open;
    filter.cursor = page->next_cursor;
  }
}

// What is in the index and not among the open calls ended while we could not be told, or since we read.
asio::awaitable<Result<>> LiveCalls::renew_calls() {
  const auto known = co_await parts_.live.scored(index_key);
  if (!known) co_return known.error();
  const WallTime read_at = parts_.clock.wall();
  const auto open = co_await open_calls();
  if (!open) co_return open.error();
  std::set<std::string> ids;
  for (const auto& call : *open) {
    ids.insert(call.id);
    auto hash = to_hash(call, read_at);
    const auto put = co_await parts_.live.put_newer(calls::live_key(call.id), std::move(hash), call.version, call_ttl);
    if (!put) co_return put.error();
    const auto began = static_cast<double>(to_millis(call.created_at));
    const auto added = co_await parts_.live.add_scored(index_key, call.id, began, max_calls, call_ttl);
    if (!added) co_return added.error();
  }
  for (const auto& [id, began] : *known) {
    if (!ids.contains(id)) (void)co_await parts_.live.remove_scored(index_key, id);
  }
  co_return Result<>{};
}

}  // namespace trunkline::app
