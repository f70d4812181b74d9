#include "support/manual_clock.hpp"
#include "unit/auth/vectors.hpp"

#include <trunkline/auth/jwt.hpp>

#include <catch2/catch.hpp>

using namespace trunkline;
using namespace trunkline::auth;
using namespace trunkline::auth::test;
using Catch::Contains;

namespace {

constexpr std::int64_t now_s = 1'790'000'000;
constexpr WallTime now{milliseconds{now_s * 1000}};
const std::string secret = "0123456789abcdef0123456789abcdef";

std::string code_of(const std::string& token, const ClaimRules& rules = {}) {
  const auto claims = verify_token(token, KeySet::from_secret(secret).value(), rules, now);
  return claims ? "accepted" : claims.error().code;
}
std::string code_of_claims(const std::string& payload, const ClaimRules& rules = {}) {
  return code_of(hs256(hs256_header, payload, secret), rules);
}
std::string expiring(std::int64_t seconds, const std::string& more = "") {
  return R"({"exp":)" + std::to_string(now_s + seconds) + more + "}";
}

}  // namespace

TEST_CASE("the tokens of RFC 7515 are accepted until they expire") {
  const WallTime then{milliseconds{(rfc_expires - 60) * 1000}};
  const WallTime late{milliseconds{(rfc_expires + 60) * 1000}};
  const auto [keys, token] = GENERATE(table<KeySet, std::string>({
      {KeySet::from_secret(hs256_key).value(), hs256_token},
      {KeySet::from_jwks(jwks(rsa_jwk())).value(), rs256_token},
      {KeySet::from_jwks(jwks(ec_jwk())).value(), es256_token},
  }));
  CHECK(verify_token(token, keys, {"joe", ""}, then).value().issuer == "joe");
  CHECK(verify_token(token, keys, {}, late).error().code == "token_expired");
  CHECK(verify_token(token, keys, {"jane", ""}, then).error().code == "token_issuer");
}

TEST_CASE("claims are taken as they may be written") {
  const auto token = parse_token(hs256(R"({"alg":"HS256","kid":"k1"})",
                                       R"({"sub":"x","roles":["admin","viewer"],"permissions":"calls:read","aud":"one",
                                           "exp":1790000000.9,"nbf":-5,"iat":1})",
                                       secret));
  REQUIRE(token.has_value());
  CHECK(token->algorithm == "HS256");
  CHECK(token->key_id == "k1");
  CHECK(token->claims.subject == "x");
  CHECK(token->claims.roles == std::vector<std::string>{"admin", "viewer"});
  CHECK(token->claims.permissions == std::vector<std::string>{"calls:read"});
  CHECK(token->claims.audience == std::vector<std::string>{"one"});
  CHECK(token->claims.expires == 1'790'000'000);
  CHECK(token->claims.not_before == -5);
}

TEST_CASE("what is not a token is malformed, and nothing is missing") {
  CHECK(parse_token("").error().code == "token_missing");
  const std::string object = base64::encode_url("{}");
  const std::string broken = GENERATE_COPY(
      std::string("x"), std::string("."), std::string(".."), std::string("a.b.c.d"), object + "." + object,
      object + ".!!." + object, "a b." + object + ".x",
      object + "." + object + ".=", base64::encode_url("[]") + "." + object + ".",
      base64::encode_url("{\"alg\":") + "." + object + ".", base64::encode_url("{\"\xFF\":1}") + "." + object + ".",
      object + "." + base64::encode_url("7") + ".", base64::encode_url(R"({"alg":7})") + "." + object + ".",
      base64::encode_url(R"({"alg":"HS256","crit":["exp"]})") + "." + object + ".", std::string(8193, 'a'),
      base64::encode_url(std::string(5000, '[')) + "." + object + ".");
  CHECK(parse_token(broken).error().code == "token_malformed");
}

TEST_CASE("claims of a wrong type are named") {
  const auto [payload, claim] = GENERATE(table<std::string, std::string>({
      {R"({"exp":"1790000600"})", "exp"},
      {R"({"exp":1e300})", "exp"},
      {R"({"exp":1790000600000})", "exp"},
      {R"({"exp":null})", "exp"},
      {R"({"exp":1790000600,"nbf":true})", "nbf"},
      {R"({"exp":1790000600,"sub":7})", "sub"},
      {R"({"exp":1790000600,"roles":[7]})", "roles"},
      {R"({"exp":1790000600,"aud":{}})", "aud"},
  }));
  const auto token = parse_token(hs256(hs256_header, payload, secret));
  REQUIRE(token.has_error());
  CHECK(token.error().code == "token_malformed");
  CHECK(token.error().message == "the token has a wrong " + claim);
}

TEST_CASE("time is checked with half a minute of leeway") {
  CHECK(code_of_claims(expiring(600)) == "accepted");
  CHECK(code_of_claims(expiring(-29)) == "accepted");
  CHECK(code_of_claims(expiring(-30)) == "token_expired");
  CHECK(code_of_claims(expiring(600, R"(,"nbf":)" + std::to_string(now_s + 30))) == "accepted");
  CHECK(code_of_claims(expiring(600, R"(,"nbf":)" + std::to_string(now_s + 31))) == "token_not_yet_valid");
  const auto missing =
      verify_token(hs256(hs256_header, R"({"sub":"x"})", secret), KeySet::from_secret(secret).value(), {}, now);
  CHECK(missing.error() == make_error("token_malformed", "the token has no exp"));
}

TEST_CASE("issuer and audience are checked when they are configured") {
  const ClaimRules rules{"https://id.example", "trunkline"};
  CHECK(code_of_claims(expiring(9, R"(,"iss":"https://id.example","aud":"trunkline")"), rules) == "accepted");
  CHECK(code_of_claims(expiring(9, R"(,"iss":"https://id.example","aud":["x","trunkline"])"), rules) == "accepted");
  CHECK(code_of_claims(expiring(9, R"(,"iss":"https://id.example","aud":["x"])"), rules) == "token_audience");
  CHECK(code_of_claims(expiring(9, R"(,"iss":"https://id.example")"), rules) == "token_audience");
  CHECK(code_of_claims(expiring(9, R"(,"iss":"https://id.example/","aud":"trunkline")"), rules) == "token_issuer");
  CHECK(code_of_claims(expiring(9, R"(,"aud":"trunkline")"), rules) == "token_issuer");
}

TEST_CASE("the application that a token was issued to is checked when it is configured") {
  ClaimRules rules{"", ""};
  rules.application = "grid";
  CHECK(code_of_claims(expiring(9, R"(,"azp":"grid")"), rules) == "accepted");
  CHECK(code_of_claims(expiring(9, R"(,"appid":"grid")"), rules) == "accepted");
  CHECK(code_of_claims(expiring(9, R"(,"azp":"other","appid":"grid")"), rules) == "token_application");
  CHECK(code_of_claims(expiring(9), rules) == "token_application");
  CHECK(code_of_claims(expiring(9, R"(,"appid":["grid"])"), rules) == "token_malformed");
}

TEST_CASE("an issuer whose tokens may come late is given more leeway") {
  ClaimRules rules{"", ""};
  rules.leeway = std::chrono::minutes{5};
  CHECK(code_of_claims(expiring(-299), rules) == "accepted");
  CHECK(code_of_claims(expiring(-300), rules) == "token_expired");
  CHECK(code_of_claims(expiring(600, R"(,"nbf":)" + std::to_string(now_s + 300)), rules) == "accepted");
  CHECK(code_of_claims(expiring(600, R"(,"nbf":)" + std::to_string(now_s + 301)), rules) == "token_not_yet_valid");
}

TEST_CASE("forged tokens are refused") {
  const std::string claims = expiring(600, R"(,"roles":["admin"])");
  CHECK(code_of(hs256(hs256_header, claims, secret)) == "accepted");
  CHECK(code_of(hs256(hs256_header, claims, "another secret of 32 bytes......")) == "token_signature");
  for (const char* algorithm : {"none", "None", "NONE", "", "HS512", "hs256", "RS256"}) {
    const std::string header = R"({"alg":")" + std::string(algorithm) + R"("})";
    CHECK(code_of(hs256(header, claims, secret)) == "token_signature");
    CHECK(code_of(base64::encode_url(header) + "." + base64::encode_url(claims) + ".") == "token_signature");
  }
  CHECK(code_of(base64::encode_url("{}") + "." + base64::encode_url(claims) + ".") == "token_signature");
}

TEST_CASE("a public key is no HMAC secret") {
  const GeneratedKey key(2048U);
  const auto keys = KeySet::from_pem(key.public_pem()).value();
  const auto forged = hs256(hs256_header, expiring(600), key.public_pem());
  CHECK(verify_token(forged, keys, {}, now).error().code == "token_signature");

  const std::string message = base64::encode_url(R"({"alg":"RS256"})") + "." + base64::encode_url(expiring(600));
  CHECK(verify_token(message + "." + base64::encode_url(key.sign(message)), keys, {}, now).has_value());
}

TEST_CASE("a signature is checked before any claim is believed") {
  CHECK(code_of(hs256(hs256_header, expiring(-600), "another secret of 32 bytes......")) == "token_signature");
}

TEST_CASE("an issued token is accepted, for as long as it says") {
  trunkline::test::ManualClock clock(now);
  const ClaimRules rules{"us", "them"};
  const auto keys = KeySet::from_secret(secret).value();
  const std::string token = issue_token(secret, {"cli", {"viewer"}, std::chrono::seconds{60}, rules}, clock);
  const auto claims = verify_token(token, keys, rules, clock.wall());
  REQUIRE(claims.has_value());
  CHECK(claims->subject == "cli");
  CHECK(claims->roles == std::vector<std::string>{"viewer"});
  CHECK(claims->expires == now_s + 60);
  clock.advance(std::chrono::seconds{91});
  CHECK(verify_token(token, keys, rules, clock.wall()).error().code == "token_expired");
  CHECK(verify_token(issue_token(secret, {"cli", {}, std::chrono::seconds{60}, {}}, clock), keys, {}, clock.wall())
            .has_value());
}
