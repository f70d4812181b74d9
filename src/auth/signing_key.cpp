#include "auth/openssl.hpp"

#include <trunkline/auth/signing_key.hpp>
#include <trunkline/base/base64.hpp>
#include <trunkline/base/crypto.hpp>

#include <nlohmann/json.hpp>
#include <openssl/core_names.h>
#include <openssl/rsa.h>

#include <initializer_list>
#include <memory>
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

openssl::Bignum new_number() {
  openssl::Bignum number(BN_new());
  if (!number) fail("out of memory");
  return number;
}

void must(int done) {
  if (done != 1) fail("an RSA key could not be computed");
}

/// The first prime from a place on that the secret and the name alone decide.
openssl::Bignum prime_of(std::string_view secret, std::string_view name, const BIGNUM* exponent, BN_CTX* context) {
  constexpr int bits = 1'024;
  std::string bytes;
  for (char block = '0'; bytes.size() < bits / 8; ++block) {
    bytes += crypto::hmac_sha256(secret, std::string("trunkline signing key ").append(name) + block);
  }
  openssl::Bignum prime(BN_bin2bn(reinterpret_cast<const unsigned char*>(bytes.data()), bits / 8, nullptr));
  if (!prime) fail("out of memory");
  must(BN_set_bit(prime.get(), bits - 1));  // and the next, so that the product of two has 2048 bits
  must(BN_set_bit(prime.get(), bits - 2));
  must(BN_set_bit(prime.get(), 0));
  const openssl::Bignum before = new_number();
  const openssl::Bignum common = new_number();
  while (true) {
    must(BN_sub(before.get(), prime.get(), BN_value_one()));
    must(BN_gcd(common.get(), before.get(), exponent, context));
    if (BN_is_one(common.get()) && BN_check_prime(prime.get(), context, nullptr) == 1) return prime;
    must(BN_add_word(prime.get(), 2));
  }
}

/// The numbers of an RSA key (RFC 8017 section 3.2) with these primes.
openssl::Key key_of(const openssl::Bignum& p, const openssl::Bignum& q, const openssl::Bignum& e, BN_CTX* context) {
  const openssl::Bignum n = new_number();
  const openssl::Bignum d = new_number();
  const openssl::Bignum before_p = new_number();
  const openssl::Bignum before_q = new_number();
  const openssl::Bignum phi = new_number();
  const openssl::Bignum dp = new_number();
  const openssl::Bignum dq = new_number();
  const openssl::Bignum qi = new_number();
  must(BN_mul(n.get(), p.get(), q.get(), context));
  must(BN_sub(before_p.get(), p.get(), BN_value_one()));
  must(BN_sub(before_q.get(), q.get(), BN_value_one()));
  must(BN_mul(phi.get(), before_p.get(), before_q.get(), context));
  must(BN_mod_inverse(d.get(), e.get(), phi.get(), context) != nullptr ? 1 : 0);
  must(BN_mod(dp.get(), d.get(), before_p.get(), context));
  must(BN_mod(dq.get(), d.get(), before_q.get(), context));
  must(BN_mod_inverse(qi.get(), q.get(), p.get(), context) != nullptr ? 1 : 0);

  const openssl::ParamBuild build(OSSL_PARAM_BLD_new());
  const std::initializer_list<std::pair<const char*, const BIGNUM*>> numbers = {
      {OSSL_PKEY_PARAM_RSA_N, n.get()},          {OSSL_PKEY_PARAM_RSA_E, e.get()},
      {OSSL_PKEY_PARAM_RSA_D, d.get()},          {OSSL_PKEY_PARAM_RSA_FACTOR1, p.get()},
      {OSSL_PKEY_PARAM_RSA_FACTOR2, q.get()},    {OSSL_PKEY_PARAM_RSA_EXPONENT1, dp.get()},
      {OSSL_PKEY_PARAM_RSA_EXPONENT2, dq.get()}, {OSSL_PKEY_PARAM_RSA_COEFFICIENT1, qi.get()}};
  for (const auto& [name, number] : numbers) must(OSSL_PARAM_BLD_push_BN(build.get(), name, number));
  const openssl::Params params(OSSL_PARAM_BLD_to_param(build.get()));
  const openssl::KeyContext maker(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
  EVP_PKEY* key = nullptr;
  must(EVP_PKEY_fromdata_init(maker.get()));
  must(EVP_PKEY_fromdata(maker.get(), &key, EVP_PKEY_KEYPAIR, params.get()));
  return openssl::Key(key);
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

SigningKey SigningKey::derive(std::string_view secret) {
  const std::unique_ptr<BN_CTX, openssl::Release<BN_CTX_free>> context(BN_CTX_new());
  const openssl::Bignum exponent = new_number();
  must(BN_set_word(exponent.get(), RSA_F4));
  const openssl::Bignum p = prime_of(secret, "p", exponent.get(), context.get());
  const openssl::Bignum q = prime_of(secret, "q", exponent.get(), context.get());
  return SigningKey(key_of(p, q, exponent, context.get()));
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
