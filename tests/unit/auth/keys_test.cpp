#include "unit/auth/vectors.hpp"

#include <trunkline/auth/keys.hpp>

#include <catch2/catch.hpp>

using namespace trunkline;
using namespace trunkline::auth;
using namespace trunkline::auth::test;
using Catch::Contains;

namespace {

struct Signed {
  std::string message;
  std::string signature;
};
Signed split(const std::string& token) {
  const auto dot = token.rfind('.');
  return {token.substr(0, dot), base64::decode_url(token.substr(dot + 1)).value()};
}

bool verifies(const KeySet& keys, std::string_view algorithm, const std::string& token, std::string_view key_id = "") {
  const Signed parts = split(token);
  return keys.verify({algorithm, key_id}, parts.message, parts.signature);
}

}  // namespace

TEST_CASE("the signatures of RFC 7515 are good, and broken ones are not") {
  const auto secret = KeySet::from_secret(hs256_key).value();
  const auto rsa = KeySet::from_jwks(jwks(rsa_jwk())).value();
  const auto ec = KeySet::from_jwks(jwks(ec_jwk())).value();
  CHECK(verifies(secret, "HS256", hs256_token));
  CHECK(verifies(rsa, "RS256", rs256_token));
  CHECK(verifies(ec, "ES256", es256_token));

  for (const auto& [keys, algorithm, token] :
       {std::tuple{&secret, "HS256", hs256_token}, std::tuple{&rsa, "RS256", rs256_token},
        std::tuple{&ec, "ES256", es256_token}}) {
    Signed parts = split(token);
    CHECK_FALSE(keys->verify({algorithm, ""}, parts.message + "x", parts.signature));
    CHECK_FALSE(keys->verify({algorithm, ""}, parts.message, parts.signature + "x"));
    CHECK_FALSE(keys->verify({algorithm, ""}, parts.message, ""));
    for (std::size_t i = 0; i < parts.signature.size(); ++i) {
      std::string bad = parts.signature;
      bad[i] = static_cast<char>(bad[i] ^ 1);
      CHECK_FALSE(keys->verify({algorithm, ""}, parts.message, bad));
    }
  }
}

TEST_CASE("a key is used with its own algorithm only") {
  const auto keys = KeySet::from_jwks(jwks(rsa_jwk() + "," + ec_jwk())).value();
  CHECK(verifies(keys, "RS256", rs256_token));
  CHECK(verifies(keys, "ES256", es256_token));
  for (const char* algorithm : {"HS256", "none", "None", "", "RS512", "rs256", "PS256"}) {
    CHECK_FALSE(verifies(keys, algorithm, rs256_token));
    CHECK_FALSE(verifies(keys, algorithm, es256_token));
  }
  CHECK_FALSE(verifies(keys, "ES256", rs256_token));
  CHECK_FALSE(verifies(KeySet::from_secret(hs256_key).value(), "RS256", rs256_token));
}

TEST_CASE("keys in PEM are taken when they are strong enough") {
  const GeneratedKey rsa(2048U);
  const auto rsa_keys = KeySet::from_pem(rsa.public_pem()).value();
  CHECK(rsa_keys.verify({"RS256", "any"}, "message", rsa.sign("message")));
  CHECK_FALSE(rsa_keys.verify({"RS256", "any"}, "another", rsa.sign("message")));

  const GeneratedKey ec("P-256");
  const auto ec_keys = KeySet::from_pem(ec.public_pem()).value();
  CHECK_FALSE(ec_keys.verify({"ES256", ""}, "message", ec.sign("message")));  // DER is not what JWS carries

  CHECK_THAT(KeySet::from_pem(GeneratedKey(1024U).public_pem()).error().message, Contains("2048 bits"));
  CHECK_THAT(KeySet::from_pem(GeneratedKey("P-384").public_pem()).error().message, Contains("P-256"));
  CHECK_THAT(KeySet::from_pem("no key").error().message, Contains("no public key"));
}

TEST_CASE("a token names its key, and what is ambiguous is refused") {
  const GeneratedKey other(2048U);
  const auto two = KeySet::from_jwks(jwks(rsa_jwk(R"(,"kid":"a")") + "," + rsa_jwk(R"(,"kid":"b")"))).value();
  CHECK(verifies(two, "RS256", rs256_token, "a"));
  CHECK(verifies(two, "RS256", rs256_token, "b"));
  CHECK_FALSE(verifies(two, "RS256", rs256_token, "c"));
  CHECK_FALSE(verifies(two, "RS256", rs256_token, ""));

  const auto mixed = KeySet::from_jwks(jwks(rsa_jwk(R"(,"kid":"a")") + "," + rsa_jwk())).value();
  CHECK(verifies(mixed, "RS256", rs256_token, "a"));
  CHECK(verifies(mixed, "RS256", rs256_token, "unknown"));  // by the key that has no name
  CHECK_FALSE(verifies(mixed, "RS256", rs256_token, ""));
}

TEST_CASE("keys of a set that are for something else are passed over") {
  const std::string foreign = R"({"kty":"oct","k":"c2VjcmV0"},{"kty":"OKP","crv":"Ed25519","x":"AA"},7,)" +
                              rsa_jwk(R"(,"use":"enc")") + "," + rsa_jwk(R"(,"alg":"RS512")");
  CHECK_THAT(KeySet::from_jwks(jwks(foreign)).error().message, Contains("has no RSA or EC key"));
  const auto keys = KeySet::from_jwks(jwks(foreign + "," + rsa_jwk(R"(,"use":"sig","alg":"RS256")"))).value();
  CHECK(verifies(keys, "RS256", rs256_token));
}

TEST_CASE("a broken key set is refused with the reason") {
  const auto [text, reason] = GENERATE(table<std::string, std::string>({
      {"", "no JWK set"},
      {"[]", "no JWK set"},
      {R"({"keys":7})", "no JWK set"},
      {R"({"keys":[]})", "has no RSA or EC key"},
      {R"({"keys":[{"kty":"RSA","kid":"k"}]})", "key 'k' of the JWK set: the RSA key lacks n or e"},
      {R"({"keys":[{"kty":"RSA","n":"!","e":"AQAB"}]})", "lacks n or e"},
      {R"({"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"}]})", "2048 bits"},
      {R"({"keys":[{"kty":"EC","crv":"P-384","x":"AA","y":"AA"}]})", "P-256"},
      {R"({"keys":[{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}]})", "lacks x or y"},
      {R"({"keys":[{"kty":"EC","crv":"P-256","x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","y":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}]})",
       "make no key"},
  }));
  const auto keys = KeySet::from_jwks(text);
  REQUIRE(keys.has_error());
  CHECK(keys.error().code == "key_invalid");
  CHECK_THAT(keys.error().message, Contains(reason));
}

TEST_CASE("a broken key of a foreign set costs that key alone") {
  const std::string broken = R"({"kty":"RSA","kid":"short","n":"AQAB","e":"AQAB"},{"kty":"EC","kid":"odd"})";
  const auto keys = KeySet::from_foreign_jwks(jwks(broken + "," + rsa_jwk(R"(,"kid":"good")"))).value();
  CHECK(verifies(keys, "RS256", rs256_token, "good"));
  CHECK(keys.has_key({"RS256", "good"}));
  CHECK_FALSE(keys.has_key({"RS256", "short"}));
  CHECK_FALSE(keys.has_key({"ES256", "odd"}));
  CHECK_THAT(KeySet::from_foreign_jwks(jwks(broken)).error().message, Contains("has no RSA or EC key"));
}

TEST_CASE("a key set and a secret have limits") {
  std::string many = rsa_jwk();
  for (int i = 0; i < 100; ++i) many += "," + rsa_jwk();
  CHECK_THAT(KeySet::from_jwks(jwks(many)).error().message, Contains("more than 100"));
  CHECK_THAT(KeySet::from_secret("fifteen bytes..").error().message, Contains("16 bytes"));
}
