#include <trunkline/calls/call_cache.hpp>

#include <algorithm>
#include <utility>

namespace trunkline::calls {

CallCache::CallCache(const Limits& limits, const Clock& clock)
    : limits_(limits), clock_(clock), calls_(limits.calls), versions_(limits.calls) {}

CallCache::Found CallCache::find(const std::string& call_id) {
  const MonoTime now = clock_.mono();
  const std::lock_guard lock(mutex_);
  const Kept* kept = calls_.find(call_id);
  if (kept == nullptr) return nullptr;
  if (now - kept->read_at < limits_.ttl) return kept->call;
  calls_.erase(call_id);
  return nullptr;
}

CallCache::Begun CallCache::begin() const {
  const MonoTime now = clock_.mono();
  const std::lock_guard lock(mutex_);
  return {now, heard_};
}

bool CallCache::put(const Found& call, const Begun& begun) {
  if (!keeps()) return true;
  const std::lock_guard lock(mutex_);
  if (begun.heard < forgotten_) return false;
  const Heard* heard = versions_.find(call->id);
  if (heard != nullptr && heard->version > call->version) return false;
  const Kept* kept = calls_.find(call->id);
  if (kept != nullptr && kept->call->version > call->version) return false;
  MonoTime read_at = begun.at;
  if (kept != nullptr && kept->call->version == call->version) read_at = std::max(read_at, kept->read_at);
  calls_.put(call->id, Kept{call, read_at});
  return true;
}

void CallCache::hear(const std::string& call_id, std::int64_t version) {
  if (!keeps()) return;
  const std::lock_guard lock(mutex_);
  const Heard* known = versions_.find(call_id);
  if (known != nullptr && known->version >= version) return;
  const auto on_drop = [this](const Heard& dropped) { forgotten_ = std::max(forgotten_, dropped.number); };
  versions_.put(call_id, Heard{version, ++heard_}, on_drop);
  const Kept* kept = calls_.find(call_id);
  if (kept != nullptr && kept->call->version < version) calls_.erase(call_id);
}

void CallCache::forget_all() {
  const std::lock_guard lock(mutex_);
  forgotten_ = ++heard_;
  calls_.clear();
  versions_.clear();
}

std::size_t CallCache::size() const {
  const std::lock_guard lock(mutex_);
  return calls_.size();
}

}  // namespace trunkline::calls
