#pragma once

#include <trunkline/auth/keys.hpp>

#include <nlohmann/json_fwd.hpp>

#include <memory>
#include <string>
#include <string_view>

struct evp_pkey_st;

namespace trunkline::auth {

/// An RSA key of at least 2048 bits (RFC 7518 section 3.3) or an EC key on P-256 (section 3.4).
struct PublicKey {
  Algorithm algorithm;
  std::shared_ptr<evp_pkey_st> key;

  bool verify(std::string_view message, std::string_view signature) const;
};

/// Errors: key_invalid.
Result<PublicKey> public_key_from_pem(std::string_view pem);
/// From a JWK of type RSA or EC (RFC 7518 sections 6.2 and 6.3). Error: key_invalid.
Result<PublicKey> public_key_from_jwk(const nlohmann::json& jwk);

}  // namespace trunkline::auth
