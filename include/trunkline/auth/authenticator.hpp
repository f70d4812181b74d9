#pragma once

#include <trunkline/auth/jwt.hpp>
#include <trunkline/auth/principal.hpp>
#include <trunkline/base/clock.hpp>
#include <trunkline/base/ids.hpp>
#include <trunkline/config/settings.hpp>

#include <filesystem>
#include <string>
#include <string_view>

namespace trunkline::auth {

/// Says who a request comes from. Immutable; any thread.
class Authenticator {
 public:
  Authenticator(KeySet keys, ClaimRules rules, const Clock& clock);

  /// `token` is the bare token, see bearer_token(). Errors: token_missing, token_malformed, token_expired,
  /// token_not_yet_valid, token_signature, token_issuer, token_audience; their messages may be shown to the client.
  Result<Principal> authenticate(std::string_view token) const;

 private:
  KeySet keys_;
  ClaimRules rules_;
  const Clock& clock_;
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
