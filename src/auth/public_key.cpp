#include "auth/public_key.hpp"

#include "auth/openssl.hpp"

#include <trunkline/base/base64.hpp>

#include <nlohmann/json.hpp>
#include <openssl/core_names.h>
#include <openssl/pem.h>

#include <array>

namespace trunkline::auth {
namespace {

constexpr int min_rsa_bits = 2048;
constexpr std::size_t p256_bytes = 32;
constexpr const char* p256 = "prime256v1";

Error invalid(std::string message) {
  return make_error("key_invalid", std::move(message));
}

const unsigned char* bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

openssl::Bignum number(std::string_view big_endian) {
  return openssl::Bignum(BN_bin2bn(bytes(big_endian), static_cast<int>(big_endian.size()), nullptr));
}

/// Binds a key to its one algorithm.
Result<PublicKey> accept(openssl::Key key) {
  if (EVP_PKEY_is_a(key.get(), "RSA") == 1) {
    if (EVP_PKEY_get_bits(key.get()) < min_rsa_bits) return invalid("the RSA key has fewer than 2048 bits");
    return PublicKey{Algorithm::rs256, std::move(key)};
  }
  if (EVP_PKEY_is_a(key.get(), "EC") == 1) {
    std::array<char, 64> group{};
    std::size_t size = 0;
    EVP_PKEY_get_utf8_string_param(key.get(), OSSL_PKEY_PARAM_GROUP_NAME, group.data(), group.size(), &size);
    if (std::string_view(group.data(), size) != p256) return invalid("the EC key is not on the curve P-256");
    return PublicKey{Algorithm::es256, std::move(key)};
  }
  return invalid("the key is neither RSA nor EC");
}

Result<PublicKey> from_params(const char* type, OSSL_PARAM_BLD* build) {
  const openssl::Params params(OSSL_PARAM_BLD_to_param(build));
  const openssl::KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  if (EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) != 1) {
    ERR_clear_error();
    return invalid("the numbers of the key make no key");
  }
  return accept(openssl::Key(key));
}

std::optional<std::string> member(const nlohmann::json& jwk, const char* name) {
  const auto found = jwk.find(name);
  if (found == jwk.end() || !found->is_string()) return std::nullopt;
  return base64::decode_url(found->get_ref<const std::string&>());
}

Result<PublicKey> rsa_from_jwk(const nlohmann::json& jwk) {
  const auto n = member(jwk, "n");
  const auto e = member(jwk, "e");
  if (!n || !e) return invalid("the RSA key lacks n or e");
  const auto modulus = number(*n);
  const auto exponent = number(*e);
  const openssl::ParamBuild build(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get());
  OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get());
  return from_params("RSA", build.get());
}

Result<PublicKey> ec_from_jwk(const nlohmann::json& jwk) {
  const auto x = member(jwk, "x");
  const auto y = member(jwk, "y");
  if (jwk.value("crv", nlohmann::json()) != "P-256") return invalid("the EC key is not on the curve P-256");
  if (!x || !y || x->size() != p256_bytes || y->size() != p256_bytes) return invalid("the EC key lacks x or y");
  const std::string point = "\x04" + *x + *y;  // uncompressed, SEC 1 section 2.3.3
  const openssl::ParamBuild build(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_utf8_string(build.get(), OSSL_PKEY_PARAM_GROUP_NAME, p256, 0);
  OSSL_PARAM_BLD_push_octet_string(build.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size());
  return from_params("EC", build.get());
}

/// JWS writes r and s side by side (RFC 7518 section 3.4); OpenSSL wants them in DER.
std::string der_of(std::string_view signature) {
  const openssl::Signature pair(ECDSA_SIG_new());
  auto r = number(signature.substr(0, p256_bytes));
  auto s = number(signature.substr(p256_bytes));
  ECDSA_SIG_set0(pair.get(), r.release(), s.release());
  unsigned char* out = nullptr;
  const int size = i2d_ECDSA_SIG(pair.get(), &out);
  const std::string der(reinterpret_cast<const char*>(out), static_cast<std::size_t>(size));
  OPENSSL_free(out);
  return der;
}

}  // namespace

bool PublicKey::verify(std::string_view message, std::string_view signature) const {
  std::string der;
  if (algorithm == Algorithm::es256) {
    if (signature.size() != 2 * p256_bytes) return false;
    der = der_of(signature);
    signature = der;
  }
  const openssl::DigestContext context(EVP_MD_CTX_new());
  const bool good =
      EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) == 1 &&
      EVP_DigestVerify(context.get(), bytes(signature), signature.size(), bytes(message), message.size()) == 1;
  if (!good) ERR_clear_error();  // the queue is the thread's and would be read by the next user, such as TLS
  return good;
}

Result<PublicKey> public_key_from_pem(std::string_view pem) {
  const openssl::Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  openssl::Key key(PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr));
  if (!key) {
    ERR_clear_error();
    return invalid("the file holds no public key in PEM");
  }
  return accept(std::move(key));
}

Result<PublicKey> public_key_from_jwk(const nlohmann::json& jwk) {
  const auto type = jwk.value("kty", nlohmann::json());
  if (type == "RSA") return rsa_from_jwk(jwk);
  if (type == "EC") return ec_from_jwk(jwk);
  return invalid("the key is neither RSA nor EC");
}

}  // namespace trunkline::auth
