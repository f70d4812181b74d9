#pragma once

#include <trunkline/auth/keys.hpp>
#include <trunkline/base/clock.hpp>
#include <trunkline/base/result.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace trunkline::auth {

/// The claims of RFC 7519 section 4.1 that are looked at, and our own two.
struct Claims {
  std::string subject;
  std::string issuer;
  std::vector<std::string> audience;
  std::optional<std::int64_t> expires;     ///< seconds since 1970
  std::optional<std::int64_t> not_before;  ///< seconds since 1970
  std::vector<std::string> roles;
  std::vector<std::string> permissions;
  std::string application;  ///< who the token was issued to: `azp` (OpenID Connect), or else Entra's `appid`
};

/// A token taken apart but not yet believed.
struct Token {
  std::string algorithm;  ///< what the header claims: a request to be refused, never a choice
  std::string key_id;
  Claims claims;
  std::string_view signed_part;  ///< of the text that was parsed
  std::string signature;         ///< raw bytes
};

inline constexpr std::size_t max_token_bytes = 8 * 1024;

/// Takes a JWS compact serialisation (RFC 7515 section 7.1) apart. Pure; the token's text must outlive the Token.
/// Errors: token_missing, token_malformed.
Result<Token> parse_token(std::string_view text);

/// Allowed difference between our clock and the issuer's.
inline constexpr std::chrono::seconds clock_leeway{30};

/// What a token's claims must say.
struct ClaimRules {
  std::string issuer;    ///< required value of `iss` when not empty
  std::string audience;  ///< required in `aud` when not empty
  // NOLINTNEXTLINE(readability-redundant-member-init): g++ warns where it is left out
  std::string application = {};                ///< required as Claims::application when not empty
  std::chrono::seconds leeway = clock_leeway;  ///< how much too late or too early is in time
};

/// Errors: token_malformed (no `exp`), token_expired, token_not_yet_valid.
Result<> check_times(const Claims& claims, WallTime now, std::chrono::seconds leeway = clock_leeway);

/// Errors: those of check_times(), token_issuer, token_audience, token_application.
Result<> check_claims(const Claims& claims, const ClaimRules& rules, WallTime now);

/// Parses, checks the signature, then the claims. Error also: token_signature.
Result<Claims> verify_token(std::string_view text, const KeySet& keys, const ClaimRules& rules, WallTime now);

/// What issue_token() puts into a token.
struct Grant {
  std::string subject;
  std::vector<std::string> roles;
  std::chrono::seconds ttl{3600};
  ClaimRules rules = {};  ///< `iss` and `aud`, when not empty
};

/// An HS256 token signed with `secret`, valid from now.
std::string issue_token(std::string_view secret, const Grant& grant, const Clock& clock);

}  // namespace trunkline::auth
