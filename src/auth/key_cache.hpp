#pragma once

#include <trunkline/auth/keys.hpp>
#include <trunkline/base/clock.hpp>
#include <trunkline/base/result.hpp>

#include <chrono>
#include <optional>

namespace trunkline::auth {

/// The keys that an issuer publishes, and when to ask for them anew. Knows the time, but neither threads nor networks.
class KeyCache {
 public:
  static constexpr std::chrono::hours good_for{24};          ///< older ones are fetched anew, and used meanwhile
  static constexpr std::chrono::minutes between_fetches{1};  ///< at least: strangers can name unknown keys all day
  static constexpr std::chrono::seconds until_retry{5};      ///< the same while there are no keys at all
  static constexpr std::chrono::seconds longest_fetch{30};   ///< one that says nothing for so long is lost

  struct Next {
    bool fetch = false;  ///< begin a fetch, and tell fetched() how it ended
    bool wait = false;   ///< find() again when the fetch that runs, or begins, has ended
  };
  Next next(const KeySet::Claimed& claimed, MonoTime now);

  void fetched(Result<KeySet> keys, MonoTime now);

  /// Errors: `token_signature` when the issuer has no such key, `keys_unavailable` when nobody could say.
  Result<KeySet> find(const KeySet::Claimed& claimed) const;

 private:
  bool knows(const KeySet::Claimed& claimed) const { return keys_ && keys_->has_key(claimed); }
  bool may_fetch(MonoTime now) const;

  std::optional<KeySet> keys_;
  MonoTime keys_since_;
  std::optional<MonoTime> fetch_begun_;  ///< the last one
  bool fetching_ = false;
  bool fetch_failed_ = false;  ///< the last one that ended
};

}  // namespace trunkline::auth
