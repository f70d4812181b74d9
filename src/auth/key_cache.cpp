#include "auth/key_cache.hpp"

#include <utility>

namespace trunkline::auth {

bool KeyCache::may_fetch(MonoTime now) const {
  if (!fetch_begun_) return true;
  return now - *fetch_begun_ >= (keys_ ? MonoTime::duration(between_fetches) : MonoTime::duration(until_retry));
}

KeyCache::Next KeyCache::next(const KeySet::Claimed& claimed, MonoTime now) {
  if (fetching_ && now - *fetch_begun_ >= longest_fetch) fetched(make_error("timeout", "no answer"), now);
  const bool known = knows(claimed);
  if (known && now - keys_since_ < good_for) return {};
  if (fetching_) return {false, !known};
  if (!may_fetch(now)) return {};
  fetching_ = true;
  fetch_begun_ = now;
  return {true, !known};
}

void KeyCache::fetched(Result<KeySet> keys, MonoTime now) {
  fetching_ = false;
  fetch_failed_ = keys.has_error();
  if (fetch_failed_) return;
  keys_ = std::move(*keys);
  keys_since_ = now;
}

Result<KeySet> KeyCache::find(const KeySet::Claimed& claimed) const {
  if (knows(claimed)) return *keys_;
  // Without the issuer's word a key that is not here may still be one of its newest.
  if (!keys_ || fetching_ || fetch_failed_) {
    return make_error("keys_unavailable", "the keys of the token's issuer cannot be had now; try again later");
  }
  return make_error("token_signature", "the token's signature is not by a key of its issuer");
}

}  // namespace trunkline::auth
