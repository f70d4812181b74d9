#include "auth/public_key.hpp"

#include <trunkline/auth/keys.hpp>
#include <trunkline/base/crypto.hpp>
#include <trunkline/base/json.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <variant>

namespace trunkline::auth {
namespace {

constexpr std::size_t min_secret_bytes = 16;
constexpr std::size_t max_keys = 100;

Error invalid(std::string message) {
  return make_error("key_invalid", std::move(message));
}

/// RFC 7517 section 5: keys for other uses, or of kinds not understood, are passed over.
bool is_for_us(const nlohmann::json& jwk) {
  if (!jwk.is_object()) return false;
  const std::string use = text_of(jwk, "use");
  const std::string type = text_of(jwk, "kty");
  return (use.empty() || use == "sig") && (type == "RSA" || type == "EC");
}

}  // namespace

std::string_view to_string(Algorithm algorithm) {
  constexpr std::string_view names[] = {"HS256", "RS256", "ES256"};
  return names[static_cast<std::size_t>(algorithm)];
}

struct KeySet::Key {
  std::string id;
  std::variant<std::string, PublicKey> material;  ///< a secret is for HS256

  Algorithm algorithm() const {
    const auto* key = std::get_if<PublicKey>(&material);
    return key == nullptr ? Algorithm::hs256 : key->algorithm;
  }

  bool verify(std::string_view message, std::string_view signature) const {
    if (const auto* key = std::get_if<PublicKey>(&material)) return key->verify(message, signature);
    return crypto::equal_constant_time(crypto::hmac_sha256(std::get<std::string>(material), message), signature);
  }
};

KeySet::KeySet(std::vector<Key> keys) : keys_(std::make_shared<const std::vector<Key>>(std::move(keys))) {}

Result<KeySet> KeySet::from_secret(std::string secret) {
  if (secret.size() < min_secret_bytes) return invalid("the secret is shorter than 16 bytes");
  return KeySet({Key{"", std::move(secret)}});
}

Result<KeySet> KeySet::from_pem(std::string_view pem) {
  auto key = public_key_from_pem(pem);
  if (!key) return key.error();
  return KeySet({Key{"", std::move(*key)}});
}

Result<KeySet> KeySet::from_jwks(std::string_view json) {
  return read_jwks(json, BrokenKeys::refused);
}

Result<KeySet> KeySet::from_foreign_jwks(std::string_view json) {
  return read_jwks(json, BrokenKeys::left_out);
}

Result<KeySet> KeySet::read_jwks(std::string_view text, BrokenKeys broken) {
  const auto document = nlohmann::json::parse(text, nullptr, false);
  const auto list = document.is_object() ? document.find("keys") : document.end();
  if (list == document.end() || !list->is_array()) return invalid("the file holds no JWK set");
  if (list->size() > max_keys) return invalid("the JWK set has more than " + std::to_string(max_keys) + " keys");

  std::vector<Key> keys;
  for (const auto& jwk : *list) {
    if (!is_for_us(jwk)) continue;
    auto key = public_key_from_jwk(jwk);
    const std::string id = text_of(jwk, "kid");
    if (!key && broken == BrokenKeys::left_out) continue;
    if (!key) return invalid("key '" + id + "' of the JWK set: " + key.error().message);
    const std::string wanted = text_of(jwk, "alg");
    if (!wanted.empty() && wanted != to_string(key->algorithm)) continue;
    keys.push_back({id, std::move(*key)});
  }
  if (keys.empty()) return invalid("the JWK set has no RSA or EC key that signs with RS256 or ES256");
  return KeySet(std::move(keys));
}

const KeySet::Key* KeySet::find(const Claimed& claimed) const {
  const Key* unnamed = nullptr;
  std::size_t candidates = 0;
  for (const Key& key : *keys_) {
    if (to_string(key.algorithm()) != claimed.algorithm) continue;
    if (!key.id.empty() && key.id == claimed.key_id) return &key;
    // A key without id takes whatever id the issuer writes; a token without id takes whatever key there is.
    if (!key.id.empty() && !claimed.key_id.empty()) continue;
    unnamed = &key;
    ++candidates;
  }
  return candidates == 1 ? unnamed : nullptr;  // trying key after key would be work that strangers can order
}

bool KeySet::is_public() const {
  return std::ranges::any_of(*keys_, [](const Key& key) { return key.algorithm() != Algorithm::hs256; });
}

bool KeySet::verify(const Claimed& claimed, std::string_view message, std::string_view signature) const {
  const Key* key = find(claimed);
  return key != nullptr && key->verify(message, signature);
}

}  // namespace trunkline::auth
