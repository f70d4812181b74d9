#include "auth/openssl.hpp"

#include <trunkline/auth/signing_key.hpp>
#include <trunkline/base/base64.hpp>
#include <trunkline/base/crypto.hpp>

#include <nlohmann/json.hpp>
#include <openssl/core_names.h>
#include <openssl/rsa.h>

#include <stdexcept>
#include <utility>

namespace trunkline::auth {
namespace {

using nlohmann::json;

[[noreturn]] void fail(const char* what) {
  ERR_clear_error();  // the queue is the thread's and would be read by the next user, such as TLS
  throw std::runtime_error(what);
}

/// A number of the key as JWK writes it: big-endian, without leading zeros, base64url (RFC 7518 section 2).
std::string number_of(EVP_PKEY* key, const char* name) {
  BIGNUM* number = nullptr;
  if (EVP_PKEY_get_bn_param(key, name, &number) != 1) fail("the RSA key lacks a number");
  const openssl::Bignum owned(number);
  std::string bytes(static_cast<std::size_t>(BN_num_bytes(owned.get())), '\0');
  BN_bn2bin(owned.get(), reinterpret_cast<unsigned char*>(bytes.data()));
  return base64::encode_url(bytes);
}

std::string rs256(EVP_PKEY* key, std::string_view message) {
  const openssl::DigestContext context(EVP_MD_CTX_new());
  auto size = static_cast<std::size_t>(EVP_PKEY_get_size(key));
  std::string signature(size, '\0');
  if (!context || EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key) != 1 ||
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                     reinterpret_cast<const unsigned char*>(message.data()), message.size()) != 1) {
    fail("RSA signing failed");
  }
  signature.resize(size);
  return signature;
}

json payload_of(const Claims& claims) {
  json out = json::object();
  const auto text = [&](const char* name, const std::string& value) {
    if (!value.empty()) out[name] = value;
  };
  const auto list = [&](const char* name, const std::vector<std::string>& values) {
    if (!values.empty()) out[name] = values;
  };
  text("iss", claims.issuer);
  text("sub", claims.subject);
  text("azp", claims.application);
  list("roles", claims.roles);
  list("permissions", claims.permissions);
  if (claims.audience.size() == 1) {
    out["aud"] = claims.audience.front();
  } else {
    list("aud", claims.audience);
  }
  if (claims.expires) out["exp"] = *claims.expires;
  if (claims.not_before) out["nbf"] = *claims.not_before;
  return out;
}

}  // namespace

SigningKey::SigningKey(std::shared_ptr<evp_pkey_st> key) : key_(std::move(key)) {
  // Of RFC 7638: these members in this order.
  const json needed = {{"e", number_of(key_.get(), OSSL_PKEY_PARAM_RSA_E)},
                       {"kty", "RSA"},
                       {"n", number_of(key_.get(), OSSL_PKEY_PARAM_RSA_N)}};
  id_ = base64::encode_url(crypto::sha256(needed.dump()));
  json jwk = needed;
  jwk.update({{"kid", id_}, {"use", "sig"}, {"alg", to_string(Algorithm::rs256)}});
  jwk_ = jwk.dump();
}

SigningKey SigningKey::generate() {
  openssl::Key key(EVP_RSA_gen(2048U));
  if (!key) fail("an RSA key could not be made");
  return SigningKey(std::move(key));
}

std::string SigningKey::sign(const Claims& claims) const {
  const json header = {{"alg", to_string(Algorithm::rs256)}, {"kid", id_}, {"typ", "JWT"}};
  std::string token = base64::encode_url(header.dump()) + "." +
                      base64::encode_url(payload_of(claims).dump(-1, ' ', false, json::error_handler_t::replace));
  const std::string signature = rs256(key_.get(), token);
  token += "." + base64::encode_url(signature);
  return token;
}

std::string jwks_of(std::span<const SigningKey> keys) {
  std::string out = R"({"keys":[)";
  for (const SigningKey& key : keys) out += (&key == &keys.front() ? "" : ",") + key.jwk();
  return out + "]}";
}

}  // namespace trunkline::auth
