#pragma once

#include <trunkline/auth/jwt.hpp>
#include <trunkline/auth/principal.hpp>
#include <trunkline/base/clock.hpp>
#include <trunkline/base/ids.hpp>
#include <trunkline/config/settings.hpp>
#include <trunkline/observe/metrics.hpp>

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace trunkline::auth {

class TokenCache;

/// Says who a request comes from. Any thread. Copies share what they remember.
///
/// A token that was checked with a public key and accepted is remembered for as long as it is valid, for a minute at
/// most. One that is signed with a secret is as quickly checked again.
class Authenticator {
 public:
  Authenticator(KeySet keys, ClaimRules rules, const Clock& clock);

  /// `token` is the bare token, see bearer_token(). Errors: token_missing, token_malformed, token_expired,
  /// token_not_yet_valid, token_signature, token_issuer, token_audience; their messages may be shown to the client.
  Result<Principal> authenticate(std::string_view token) const;

  /// Counts there how often a token was remembered. Before the first is checked; `metrics` outlives it.
  void count_in(observe::Metrics& metrics);
  std::size_t tokens_kept() const;

 private:
  Result<Principal> check(std::string_view token, std::string_view digest) const;

  KeySet keys_;
  ClaimRules rules_;
  const Clock& clock_;
  std::shared_ptr<TokenCache> remembered_;  ///< null: nothing is
  std::optional<observe::Counter> hits_;
  std::optional<observe::Counter> misses_;
};

/// From the settings: the key set file, the public key, the secret, or else the secret of the data folder, which is
/// made when it is not there.
Result<Authenticator> make_authenticator(const config::Security& security, const std::filesystem::path& data_dir,
                                         Ids& ids, const Clock& clock);

/// The secret that tokens are both issued and checked with: the configured one, or else the data folder's, which is
/// made when it is not there. Error `no_signing_key` when tokens are checked with public keys: others issue them then.
Result<std::string> signing_secret(const config::Security& security, const std::filesystem::path& data_dir, Ids& ids);

/// The token of an `Authorization: Bearer ...` header's value, or an empty view.
std::string_view bearer_token(std::string_view authorization);

}  // namespace trunkline::auth
