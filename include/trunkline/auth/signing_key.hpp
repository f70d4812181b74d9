#pragma once

#include <trunkline/auth/jwt.hpp>

#include <memory>
#include <span>
#include <string>
#include <string_view>

struct evp_pkey_st;

namespace trunkline::auth {

/// An RSA key of 2048 bits with which an issuer of our own signs tokens: that of the simulator, and of tests.
/// Immutable; any thread; copies share the key. What fails here is memory or randomness, and is thrown.
class SigningKey {
 public:
  static SigningKey generate();
  /// Always the same for one secret, and worth as much: what was started anew signs with the key that is known already.
  static SigningKey derive(std::string_view secret);

  /// The thumbprint of RFC 7638.
  const std::string& id() const { return id_; }
  /// The public half as a JWK (RFC 7517).
  const std::string& jwk() const { return jwk_; }

  /// An RS256 token (RFC 7519). Claims that are empty are left out.
  std::string sign(const Claims& claims) const;

 private:
  explicit SigningKey(std::shared_ptr<evp_pkey_st> key);

  std::shared_ptr<evp_pkey_st> key_;
  std::string id_;
  std::string jwk_;
};

/// The JWK set that an issuer with these keys publishes.
std::string jwks_of(std::span<const SigningKey> keys);

}  // namespace trunkline::auth
