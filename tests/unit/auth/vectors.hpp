#pragma once

#include <trunkline/base/base64.hpp>
#include <trunkline/base/crypto.hpp>

#include <openssl/evp.h>
#include <openssl/pem.h>

#include <string>

/// The examples of RFC 7515 appendix A.1 to A.3, and tokens made by hand.
namespace trunkline::auth::test {

inline const std::string rfc_payload =
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
inline constexpr std::int64_t rfc_expires = 1300819380;

inline const std::string hs256_key =
    base64::decode_url("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow")
        .value();
inline const std::string hs256_token =
    "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." + rfc_payload + ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

inline const std::string rsa_n =
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCg"
    "NMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665x"
    "smtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpo"
    "Q";
inline const std::string rs256_token =
    "eyJhbGciOiJSUzI1NiJ9." + rfc_payload +
    ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_"
    "O8W2Fp5jujGbds9uJdbF9CUAr7t1d"
    "nZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--"
    "xi12jzDwus"
    "C-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";

inline const std::string es256_token =
    "eyJhbGciOiJFUzI1NiJ9." + rfc_payload +
    ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

inline std::string rsa_jwk(const std::string& more = "") {
  return R"({"kty":"RSA","n":")" + rsa_n + R"(","e":"AQAB")" + more + "}";
}
inline std::string ec_jwk(const std::string& more = "") {
  return R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0")" +
         more + "}";
}
inline std::string jwks(const std::string& keys) {
  return R"({"keys":[)" + keys + "]}";
}

inline std::string hs256(const std::string& header, const std::string& payload, const std::string& secret) {
  const std::string message = base64::encode_url(header) + "." + base64::encode_url(payload);
  return message + "." + base64::encode_url(crypto::hmac_sha256(secret, message));
}
inline const std::string hs256_header = R"({"alg":"HS256","typ":"JWT"})";

/// A fresh key of `bits` (RSA) or on `curve` (EC), its public half in PEM.
struct GeneratedKey {
  EVP_PKEY* key;

  explicit GeneratedKey(unsigned bits) : key(EVP_RSA_gen(bits)) {}
  explicit GeneratedKey(const char* curve) : key(EVP_EC_gen(curve)) {}
  ~GeneratedKey() { EVP_PKEY_free(key); }
  GeneratedKey(const GeneratedKey&) = delete;
  GeneratedKey& operator=(const GeneratedKey&) = delete;

  std::string public_pem() const {
    BIO* bio = BIO_new(BIO_s_mem());
    PEM_write_bio_PUBKEY(bio, key);
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    std::string pem(data, static_cast<std::size_t>(size));
    BIO_free(bio);
    return pem;
  }

  /// As OpenSSL writes it: PKCS #1 for RSA, DER for EC.
  std::string sign(const std::string& message) const {
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    std::string signature(512, '\0');
    std::size_t size = signature.size();
    EVP_DigestSignInit(context, nullptr, EVP_sha256(), nullptr, key);
    EVP_DigestSign(context, reinterpret_cast<unsigned char*>(signature.data()), &size,
                   reinterpret_cast<const unsigned char*>(message.data()), message.size());
    EVP_MD_CTX_free(context);
    signature.resize(size);
    return signature;
  }
};

}  // namespace trunkline::auth::test
