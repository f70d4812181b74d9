#pragma once

#include <trunkline/auth/jwt.hpp>
#include <trunkline/auth/principal.hpp>
#include <trunkline/base/lru.hpp>

#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace trunkline::auth {

/// Who tokens were found to belong to a moment ago, so that the next request of the same client costs a digest and not
/// a signature. Any thread.
///
/// Only what was accepted is kept, under the SHA-256 of the whole token, and only in this process: Redis holds none of
/// it, because whoever can write there must not be able to let somebody in.
class TokenCache {
 public:
  static constexpr std::size_t max_tokens = 10'000;
  static constexpr milliseconds kept_for{60'000};  ///< then the signature is checked again

  /// Nothing also when the token's own time is over or has not come.
  std::optional<Principal> find(std::string_view digest, const Clock& clock);
  /// `claims` say when the token is good.
  void put(std::string_view digest, const Principal& principal, const Claims& claims, MonoTime now);

  std::size_t size() const;

 private:
  struct Kept {
    Principal principal;
    Claims times;  // with nothing else in it
    MonoTime since;
  };

  mutable std::mutex mutex_;
  Lru<Kept> tokens_{max_tokens};
};

}  // namespace trunkline::auth
