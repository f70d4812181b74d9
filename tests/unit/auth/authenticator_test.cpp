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
