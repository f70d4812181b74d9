#include "auth/token_cache.hpp"

#include <trunkline/auth/authenticator.hpp>
#include <trunkline/auth/secret.hpp>
#include <trunkline/base/crypto.hpp>
#include <trunkline/base/text.hpp>
#include <trunkline/config/load.hpp>

namespace trunkline::auth {
namespace {

Result<KeySet> keys_from_file(const std::filesystem::path& path, Result<KeySet> (*parse)(std::string_view)) {
  const auto text = config::process_inputs().read_file(path);
  if (!text) return make_error("key_unreadable", "the key file " + text.error().message, path.string());
  auto keys = parse(*text);
  if (!keys) return make_error(keys.error().code, keys.error().message, path.string());
  return keys;
}

Result<KeySet> configured_keys(const config::Security& security, const std::filesystem::path& data_dir, Ids& ids) {
  if (!security.jwt_jwks.empty()) return keys_from_file(security.jwt_jwks, KeySet::from_jwks);
  if (!security.jwt_public_key.empty()) return keys_from_file(security.jwt_public_key, KeySet::from_pem);
  auto secret = signing_secret(security, data_dir, ids);
  if (!secret) return secret.error();
  return KeySet::from_secret(std::move(*secret));
}

}  // namespace

Authenticator::Authenticator(KeySet keys, ClaimRules rules, const Clock& clock)
    : keys_(std::move(keys)),
      rules_(std::move(rules)),
      clock_(clock),
      remembered_(keys_.is_public() ? std::make_shared<TokenCache>() : nullptr) {}

void Authenticator::count_in(observe::Metrics& metrics) {
  hits_ = metrics.cache_requests("tokens", "l1", "hit");
  misses_ = metrics.cache_requests("tokens", "l1", "miss");
}

std::size_t Authenticator::tokens_kept() const {
  return remembered_ ? remembered_->size() : 0;
}

Result<Principal> Authenticator::authenticate(std::string_view token) const {
  if (!remembered_ || token.size() > max_token_bytes) return check(token, {});
  const std::string digest = crypto::sha256(token);
  auto known = remembered_->find(digest, clock_);
  if (const auto& counter = known ? hits_ : misses_) counter->add();
  if (known) return std::move(*known);
  return check(token, digest);
}

Result<Principal> Authenticator::check(std::string_view token, std::string_view digest) const {
  auto claims = verify_token(token, keys_, rules_, clock_.wall());
  if (!claims) return claims.error();
  Principal principal{std::move(claims->subject), std::move(claims->roles), {}};
  for (const std::string& role : principal.roles) principal.permissions |= permissions_of_role(role);
  for (const std::string& name : claims->permissions) {
    if (const auto permission = parse_permission(name)) principal.permissions |= {*permission};
  }
  if (!digest.empty()) remembered_->put(digest, principal, *claims, clock_.mono());
  return principal;
}

Result<Authenticator> make_authenticator(const config::Security& security, const std::filesystem::path& data_dir,
                                         Ids& ids, const Clock& clock) {
  auto keys = configured_keys(security, data_dir, ids);
  if (!keys) return keys.error();
  return Authenticator(std::move(*keys), {security.jwt_issuer, security.jwt_audience}, clock);
}

Result<std::string> signing_secret(const config::Security& security, const std::filesystem::path& data_dir, Ids& ids) {
  const bool by_jwks = !security.jwt_jwks.empty();
  if (by_jwks || !security.jwt_public_key.empty()) {
    return make_error("no_signing_key", std::string("tokens are checked with the public key of ") +
                                            (by_jwks ? "JWT_JWKS_FILE" : "JWT_PUBLIC_KEY_FILE") +
                                            ", so there is nothing here to sign one with; get it from whoever holds "
                                            "the private key");
  }
  if (!security.jwt_secret.empty()) return security.jwt_secret;
  return load_or_create_secret(data_dir, ids);
}

std::string_view bearer_token(std::string_view authorization) {
  constexpr std::string_view scheme = "bearer ";
  if (!text::iequals(authorization.substr(0, scheme.size()), scheme)) return {};
  return text::trim(authorization.substr(scheme.size()));
}

}  // namespace trunkline::auth
