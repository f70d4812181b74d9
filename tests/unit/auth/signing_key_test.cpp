#include "unit/auth/vectors.hpp"

#include <trunkline/auth/signing_key.hpp>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace trunkline;
using namespace trunkline::auth;

namespace {

constexpr std::int64_t now_s = 1'790'000'000;
constexpr WallTime now{milliseconds{now_s * 1000}};

Claims good_claims() {
  Claims claims;
  claims.issuer = "us";
  claims.subject = "x";
  claims.audience = {"them"};
  claims.expires = now_s + 300;
  claims.not_before = now_s;
  return claims;
}

}  // namespace

TEST_CASE("what a signing key signs, its published half accepts") {
  const SigningKey key = SigningKey::generate();
  const auto keys = KeySet::from_jwks(jwks_of({&key, 1})).value();
  const std::string token = key.sign(good_claims());
  const auto claims = verify_token(token, keys, {"us", "them"}, now);
  REQUIRE(claims.has_value());
  CHECK(claims->subject == "x");
  CHECK(claims->not_before == now_s);
  CHECK(parse_token(token).value().key_id == key.id());
  CHECK(parse_token(token).value().algorithm == "RS256");

  Claims several = good_claims();
  several.audience = {"one", "them"};
  several.application = "app";
  several.roles = {"viewer"};
  ClaimRules rules{"us", "them"};
  rules.application = "app";
  CHECK(verify_token(key.sign(several), keys, rules, now).value().roles == several.roles);
}

TEST_CASE("two keys are two, and publish their public halves only") {
  const SigningKey keys[] = {SigningKey::generate(), SigningKey::generate()};
  CHECK(keys[0].id() != keys[1].id());
  const auto both = KeySet::from_jwks(jwks_of(keys)).value();
  const auto first = KeySet::from_jwks(jwks_of({keys, 1})).value();
  CHECK(verify_token(keys[1].sign(good_claims()), both, {}, now).has_value());
  CHECK(verify_token(keys[1].sign(good_claims()), first, {}, now).error().code == "token_signature");

  const auto published = nlohmann::json::parse(jwks_of(keys));
  for (const auto& jwk : published.at("keys")) {
    for (const char* part : {"d", "p", "q", "dp", "dq", "qi"}) CHECK_FALSE(jwk.contains(part));
  }
}

// The example of RFC 7638 section 3.1 is the form: e, kty and n, in this order and nothing else.
TEST_CASE("a key's id is its thumbprint") {
  const SigningKey key = SigningKey::generate();
  const auto jwk = nlohmann::json::parse(key.jwk());
  const std::string text = R"({"e":")" + jwk.at("e").get<std::string>() + R"(","kty":"RSA","n":")" +
                           jwk.at("n").get<std::string>() + R"("})";
  CHECK(key.id() == base64::encode_url(crypto::sha256(text)));
  CHECK(jwk.at("e") == "AQAB");
  CHECK(jwk.at("kid") == key.id());
}

TEST_CASE("claims that are no UTF-8 are signed as what JSON can carry") {
  const SigningKey key = SigningKey::generate();
  Claims claims = good_claims();
  claims.subject = "a\xFF";
  const auto token = key.sign(claims);
  CHECK(parse_token(token).value().claims.subject == "a\xEF\xBF\xBD");
}

TEST_CASE("a key that follows from a secret is the same each time, and another secret's is another") {
  const SigningKey key = SigningKey::derive("a secret");
  CHECK(SigningKey::derive("a secret").id() == key.id());
  CHECK(SigningKey::derive("another").id() != key.id());
  const auto keys = KeySet::from_jwks(jwks_of({&key, 1})).value();
  CHECK(verify_token(SigningKey::derive("a secret").sign(good_claims()), keys, {"us", "them"}, now).has_value());
}
