#include "auth/token_cache.hpp"

namespace trunkline::auth {

std::optional<Principal> TokenCache::find(std::string_view digest, const Clock& clock) {
  const MonoTime now = clock.mono();
  const WallTime wall = clock.wall();
  const std::lock_guard lock(mutex_);
  const Kept* kept = tokens_.find(digest);
  if (kept == nullptr) return std::nullopt;
  if (now - kept->since < kept_for && check_times(kept->times, wall)) return kept->principal;
  tokens_.erase(digest);
  return std::nullopt;
}

void TokenCache::put(std::string_view digest, const Principal& principal, const Claims& claims, MonoTime now) {
  Claims times;
  times.expires = claims.expires;
  times.not_before = claims.not_before;
  const std::lock_guard lock(mutex_);
  tokens_.put(digest, Kept{principal, std::move(times), now});
}

std::size_t TokenCache::size() const {
  const std::lock_guard lock(mutex_);
  return tokens_.size();
}

}  // namespace trunkline::auth
