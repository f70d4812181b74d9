#include "auth/token_cache.hpp"
#include "support/manual_clock.hpp"
#include "support/temporary_folder.hpp"
#include "unit/auth/vectors.hpp"

#include <trunkline/auth/authenticator.hpp>

#include <catch2/catch.hpp>

#include <fstream>

using namespace trunkline;
using namespace trunkline::auth;
using namespace trunkline::auth::test;
using enum Permission;

namespace {

const std::string secret = "0123456789abcdef";

struct Fixture {
  trunkline::test::TemporaryFolder folder;
  trunkline::test::ManualClock clock;
  std::unique_ptr<Ids> ids = make_ids(clock);

  std::filesystem::path file(const std::string& name, const std::string& text) const {
    std::ofstream(folder.path() / name) << text;
    return folder.path() / name;
  }
  config::Security security;

  Result<Authenticator> make() { return make_authenticator(security, folder.path(), *ids, clock); }
  std::string token(const std::string& more) const {
    return hs256(hs256_header, R"({"sub":"x","exp":1790000600)" + more + "}", secret);
  }
};

}  // namespace

TEST_CASE("a principal has the permissions of its roles and those named one by one") {
  Fixture f;
  f.security.jwt_secret = secret;
  const auto authenticator = f.make().value();
  const auto who = authenticator.authenticate(
      f.token(R"(,"roles":["viewer","gardener"],"permissions":["recordings:read","plants:water"])"));
  REQUIRE(who.has_value());
  CHECK(who->subject == "x");
  CHECK(who->roles == std::vector<std::string>{"viewer", "gardener"});
  CHECK(who->permissions == Permissions{calls_read, transcripts_read, events_read, recordings_read});
  CHECK(who->may(recordings_read));
  CHECK_FALSE(who->may(calls_write));
  CHECK(authenticator.authenticate(f.token("")).value().permissions == Permissions{});
  CHECK(authenticator.authenticate(f.token(R"(,"roles":["admin"])")).value().permissions == Permissions::all());
  CHECK(authenticator.authenticate("").error().code == "token_missing");
}

TEST_CASE("time passes for a token") {
  Fixture f;
  f.security.jwt_secret = secret;
  const auto authenticator = f.make().value();
  const std::string token = f.token("");
  CHECK(authenticator.authenticate(token).has_value());
  f.clock.advance(std::chrono::hours{1});
  CHECK(authenticator.authenticate(token).error().code == "token_expired");
}

TEST_CASE("issuer and audience come from the settings") {
  Fixture f;
  f.security.jwt_secret = secret;
  f.security.jwt_issuer = "us";
  f.security.jwt_audience = "trunkline";
  const auto authenticator = f.make().value();
  CHECK(authenticator.authenticate(f.token("")).error().code == "token_issuer");
  CHECK(authenticator.authenticate(f.token(R"(,"iss":"us")")).error().code == "token_audience");
  CHECK(authenticator.authenticate(f.token(R"(,"iss":"us","aud":"trunkline")")).has_value());
}

TEST_CASE("without any key configured the data folder's secret is made and used") {
  Fixture f;
  const auto authenticator = f.make().value();
  std::string made;
  std::ifstream(f.folder.path() / "jwt_secret") >> made;
  CHECK(authenticator.authenticate(issue_token(made, {"cli", {"admin"}}, f.clock)).value().may(system_write));
  CHECK(authenticator.authenticate(issue_token(secret, {"cli", {"admin"}}, f.clock)).error().code == "token_signature");
}

TEST_CASE("with public keys configured, no secret is made or accepted") {
  Fixture f;
  SECTION("JWK set") {
    f.security.jwt_jwks = f.file("jwks.json", jwks(ec_jwk()));
  }
  SECTION("PEM") {
    f.security.jwt_public_key = f.file("key.pem", GeneratedKey("P-256").public_pem());
  }
  const auto authenticator = f.make().value();
  CHECK(authenticator.authenticate(f.token("")).error().code == "token_signature");
  CHECK_FALSE(std::filesystem::exists(f.folder.path() / "jwt_secret"));
}

TEST_CASE("tokens are issued with the secret that they are checked with") {
  Fixture f;
  const auto kept = signing_secret(f.security, f.folder.path(), *f.ids).value();
  CHECK(f.make().value().authenticate(issue_token(kept, {"cli", {"admin"}}, f.clock)).has_value());
  f.security.jwt_secret = secret;
  CHECK(signing_secret(f.security, f.folder.path(), *f.ids).value() == secret);
}

TEST_CASE("with public keys configured there is nothing to sign with") {
  Fixture f;
  f.security.jwt_secret = secret;
  f.security.jwt_public_key = f.folder.path() / "key.pem";
  CHECK(signing_secret(f.security, f.folder.path(), *f.ids).error().code == "no_signing_key");
  CHECK_THAT(signing_secret(f.security, f.folder.path(), *f.ids).error().message,
             Catch::Contains("JWT_PUBLIC_KEY_FILE"));
  f.security.jwt_jwks = f.folder.path() / "jwks.json";
  CHECK_THAT(signing_secret(f.security, f.folder.path(), *f.ids).error().message, Catch::Contains("JWT_JWKS_FILE"));
  CHECK_FALSE(std::filesystem::exists(f.folder.path() / "jwt_secret"));
}

TEST_CASE("a key file that cannot be used is an error at start") {
  Fixture f;
  f.security.jwt_public_key = f.folder.path() / "gone";
  CHECK(f.make().error().code == "key_unreadable");
  f.security.jwt_public_key = f.file("bad.pem", "x");
  CHECK(f.make().error().code == "key_invalid");
  f.security.jwt_jwks = f.file("bad.json", "x");
  CHECK(f.make().error().code == "key_invalid");
}

TEST_CASE("the bearer token is taken from the header, whatever the case of the scheme") {
  CHECK(bearer_token("Bearer abc") == "abc");
  CHECK(bearer_token("bearer   abc ") == "abc");
  CHECK(bearer_token("Basic abc").empty());
  CHECK(bearer_token("Bearer").empty());
  CHECK(bearer_token("Bearerabc").empty());
  CHECK(bearer_token("").empty());
}

namespace {

/// Tokens of one issuer with an RSA key.
struct Remembering {
  Fixture f;
  GeneratedKey key{2048U};
  observe::Metrics metrics{"test"};
  Authenticator authenticator = make();

  Authenticator make() {
    f.security.jwt_public_key = f.file("key.pem", key.public_pem());
    auto made = f.make().value();
    made.count_in(metrics);
    return made;
  }
  std::string token(std::int64_t expires, const std::string& more = "") const {
    const std::string payload = R"({"sub":"x","roles":["viewer"],"exp":)" + std::to_string(expires) + more + "}";
    const std::string message =
        base64::encode_url(R"({"alg":"RS256","typ":"JWT"})") + "." + base64::encode_url(payload);
    return message + "." + base64::encode_url(key.sign(message));
  }
  bool counted(const std::string& outcome, int times) const {
    const std::string line = R"(trunkline_cache_requests_total{cache="tokens",level="l1",outcome=")" + outcome +
                             "\"} " + std::to_string(times) + "\n";
    return metrics.render().find(line) != std::string::npos;
  }
};

constexpr std::int64_t start = 1'790'000'000;

}  // namespace

TEST_CASE("a token that was accepted is remembered, for a minute") {
  Remembering r;
  const auto token = r.token(start + 3'600);
  const auto first = r.authenticator.authenticate(token).value();
  const auto again = r.authenticator.authenticate(token).value();
  CHECK(again.subject == "x");
  CHECK(again.roles == first.roles);
  CHECK(again.permissions == first.permissions);
  CHECK(r.counted("hit", 1));
  CHECK(r.authenticator.tokens_kept() == 1);

  r.f.clock.advance(TokenCache::kept_for);
  CHECK(r.authenticator.authenticate(token).has_value());
  CHECK(r.counted("hit", 1));
  CHECK(r.counted("miss", 2));
}

TEST_CASE("a token that is remembered ends when it says") {
  Remembering r;
  const auto token = r.token(start + 5);
  CHECK(r.authenticator.authenticate(token).has_value());
  r.f.clock.advance(std::chrono::seconds{5} + clock_leeway - milliseconds{1});
  CHECK(r.authenticator.authenticate(token).has_value());
  CHECK(r.counted("hit", 1));
  r.f.clock.advance(milliseconds{1});
  CHECK(r.authenticator.authenticate(token).error().code == "token_expired");
  CHECK(r.authenticator.tokens_kept() == 0);
}

TEST_CASE("a token that is remembered does not begin before it says") {
  trunkline::test::ManualClock clock;
  TokenCache cache;
  Claims claims;
  claims.expires = start + 3'600;
  claims.not_before = start + 1'000;
  cache.put("digest", {"x", {}, {}}, claims, clock.mono());
  CHECK_FALSE(cache.find("digest", clock).has_value());
}

TEST_CASE("what was refused is not remembered, and no other token passes for one that is") {
  Remembering r;
  const auto good = r.token(start + 3'600);
  CHECK(r.authenticator.authenticate(good).has_value());
  const auto forged = good.substr(0, good.rfind('.')) + "." + base64::encode_url(std::string(256, 'x'));
  for (int i = 0; i < 2; ++i) {
    CHECK(r.authenticator.authenticate(forged).error().code == "token_signature");
    CHECK(r.authenticator.authenticate(r.token(start - 60)).error().code == "token_expired");
    CHECK(r.authenticator.authenticate(std::string(max_token_bytes + 1, 'x')).error().code == "token_malformed");
  }
  CHECK(r.authenticator.tokens_kept() == 1);
}

TEST_CASE("as many tokens are remembered as there is room for") {
  trunkline::test::ManualClock clock;
  TokenCache cache;
  Claims claims;
  claims.expires = start + 3'600;
  for (std::size_t i = 0; i <= TokenCache::max_tokens; ++i) {
    cache.put(std::to_string(i), {"x", {}, {}}, claims, clock.mono());
  }
  CHECK(cache.size() == TokenCache::max_tokens);
  CHECK_FALSE(cache.find("0", clock).has_value());
  CHECK(cache.find("1", clock).has_value());
}

TEST_CASE("a token that is signed with a secret is as quickly checked again") {
  Fixture f;
  f.security.jwt_secret = secret;
  const auto authenticator = f.make().value();
  CHECK(authenticator.authenticate(f.token("")).has_value());
  CHECK(authenticator.tokens_kept() == 0);
}
