#include "support/manual_clock.hpp"
#include "unit/calls/service_fixture.hpp"

#include <trunkline/auth/signing_key.hpp>
#include <trunkline/base/base64.hpp>
#include <trunkline/base/text.hpp>
#include <trunkline/providers/acs/proof.hpp>
#include <trunkline/providers/acs/shared_secret.hpp>

#include <catch2/catch.hpp>

using namespace trunkline;
using namespace trunkline::providers::acs;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

const auth::SigningKey& callback_key() {
  static const auth::SigningKey key = auth::SigningKey::generate();
  return key;
}
const auth::SigningKey& entra_key() {
  static const auth::SigningKey key = auth::SigningKey::generate();
  return key;
}

const std::string resource = "11111111-2222-3333-4444-555555555555";
const std::string tenant = "aaaaaaaa-2222-3333-4444-555555555555";
const std::string application = "bbbbbbbb-2222-3333-4444-555555555555";
const std::string body = R"([{"id":"1"}])";

/// A gateway with all proofs configured, and requests to it.
struct Webhook {
  trunkline::test::ManualClock clock;
  config::Acs settings;
  bool keys_are_down = false;
  net::Headers headers;
  std::string sent = body;

  Webhook() {
    settings.resource_id = resource;
    settings.event_grid_secrets = {"new-word", "old-word"};
    settings.webhook_secrets = {"shared-word"};
    settings.event_grid_audience = application;
    settings.event_grid_tenant = text::lower(tenant);
  }

  asio::awaitable<Result<std::string>> publish(const auth::SigningKey& key) const {
    if (keys_are_down) co_return make_error("unreachable", "nobody answers");
    co_return auth::jwks_of({&key, 1});
  }
  Proofs proofs() const {
    return {settings, {[this] { return publish(callback_key()); }, [this] { return publish(entra_key()); }}, clock};
  }

  std::string outcome() const {
    const Proofs checking = proofs();
    const auto proof = calls::test::run(checking.check(headers, sent));
    return proof ? std::string(to_string(*proof)) : proof.error().code;
  }
  std::string outcome_of(net::Headers with) {
    headers = std::move(with);
    return outcome();
  }
  std::string outcome_of_token(const std::string& token) { return outcome_of({{"authorization", "Bearer " + token}}); }
  std::string outcome_of_socket() const {
    const Proofs checking = proofs();
    const auto checked = calls::test::run(checking.check_socket(headers));
    return checked ? "accepted" : checked.error().code;
  }

  auth::Claims callback_claims() const {
    auth::Claims claims;
    claims.issuer = settings.callback_issuer;
    claims.audience = {resource};
    claims.not_before = to_millis(clock.wall()) / 1000;
    claims.expires = *claims.not_before + 300;
    return claims;
  }
  auth::Claims event_grid_claims() const {
    auth::Claims claims = callback_claims();
    claims.issuer = "https://sts.windows.net/" + tenant + "/";
    claims.audience = {application};
    claims.application = event_grid_application;
    return claims;
  }
};

}  // namespace

TEST_CASE_METHOD(Webhook, "each proof proves alone") {
  CHECK(outcome_of_token(callback_key().sign(callback_claims())) == "callback_token");
  CHECK(outcome_of_token(entra_key().sign(event_grid_claims())) == "event_grid_token");
  CHECK(outcome_of({{"x-event-grid-secret", "new-word"}}) == "event_grid_secret");
  CHECK(outcome_of({{"X-Event-Grid-Secret", "old-word"}}) == "event_grid_secret");
  for (const std::string_view name : shared_secret_headers) {
    CHECK(outcome_of({{std::string(name), sign_body("shared-word", body)}}) == "shared_secret");
  }
  CHECK(outcome_of({}) == "signature_missing");
  CHECK(outcome_of({{"Authorization", "Basic eDp5"}, {"X-Other", "new-word"}}) == "signature_missing");
}

TEST_CASE_METHOD(Webhook, "Entra's tokens of both versions are Event Grid's, to our application only") {
  auth::Claims claims = event_grid_claims();
  claims.issuer = "https://login.microsoftonline.com/" + tenant + "/v2.0";
  CHECK(outcome_of_token(entra_key().sign(claims)) == "event_grid_token");
  claims.issuer = "https://sts.windows.net/cccccccc-2222-3333-4444-555555555555/";
  CHECK(outcome_of_token(entra_key().sign(claims)) == "token_issuer");
  claims = event_grid_claims();
  claims.audience = {resource};
  CHECK(outcome_of_token(entra_key().sign(claims)) == "token_audience");
  claims = event_grid_claims();
  claims.application = application;
  CHECK(outcome_of_token(entra_key().sign(claims)) == "token_application");
  claims.application.clear();
  CHECK(outcome_of_token(entra_key().sign(claims)) == "token_application");
  CHECK(outcome_of_token(callback_key().sign(event_grid_claims())) == "token_signature");
}

TEST_CASE_METHOD(Webhook, "a callback's token is Call Automation's, for our resource, in its time") {
  auth::Claims claims = callback_claims();
  claims.audience = {application};
  CHECK(outcome_of_token(callback_key().sign(claims)) == "token_audience");
  claims = callback_claims();
  claims.issuer += "/";
  CHECK(outcome_of_token(callback_key().sign(claims)) == "token_signature");  // as another's, by whose keys it is not
  CHECK(outcome_of_token(entra_key().sign(callback_claims())) == "token_signature");

  const std::string token = callback_key().sign(callback_claims());
  CHECK(outcome_of_token(base64::encode_url(R"({"alg":"none"})") + token.substr(token.find('.'))) == "token_signature");
  CHECK(outcome_of_token(token + "AAAA") == "token_signature");
  CHECK(outcome_of_token("x") == "token_malformed");
  clock.advance(minutes{10} - seconds{1});
  CHECK(outcome_of_token(token) == "callback_token");
  clock.advance(seconds{1});
  CHECK(outcome_of_token(token) == "token_expired");
}

TEST_CASE_METHOD(Webhook, "keys that cannot be had leave open what a token is worth, and nothing else") {
  keys_are_down = true;
  CHECK(outcome_of_token(callback_key().sign(callback_claims())) == "keys_unavailable");
  CHECK(outcome_of({{"X-Event-Grid-Secret", "new-word"}}) == "event_grid_secret");
}

TEST_CASE_METHOD(Webhook, "wrong secrets are told from missing ones") {
  CHECK(outcome_of({{"X-Event-Grid-Secret", "new-wore"}}) == "signature_invalid");
  CHECK(outcome_of({{"X-Event-Grid-Secret", "new-word,old-word"}}) == "signature_invalid");
  CHECK(outcome_of({{"X-Event-Grid-Secret", ""}}) == "signature_missing");
  CHECK(outcome_of({{"X-Signature", sign_body("another-word", body)}}) == "signature_invalid");
  sent += " ";
  CHECK(outcome_of({{"X-Signature", sign_body("shared-word", body)}}) == "signature_invalid");
}

TEST_CASE_METHOD(Webhook, "a good proof does not make up for a broken one") {
  const std::string token = callback_key().sign(callback_claims());
  const net::Header good_token{"Authorization", "Bearer " + token};
  const net::Header good_signature{"X-Azure-Signature", sign_body("shared-word", body)};
  CHECK(outcome_of({good_token, good_signature}) == "callback_token");
  CHECK(outcome_of({good_signature, {"X-Event-Grid-Secret", "old-word"}}) == "event_grid_secret");
  CHECK(outcome_of({good_token, {"X-Event-Grid-Secret", "guess"}}) == "signature_invalid");
  CHECK(outcome_of({good_signature, {"Authorization", "Bearer " + entra_key().sign(callback_claims())}}) ==
        "token_signature");
  sent += " ";
  CHECK(outcome_of({good_token, good_signature}) == "signature_invalid");
}

TEST_CASE_METHOD(Webhook, "what the settings cannot check proves nothing, and spoils nothing") {
  settings.event_grid_audience.clear();
  settings.webhook_secrets.clear();
  const net::Header foreign{"Authorization", "Bearer " + entra_key().sign(event_grid_claims())};
  CHECK(outcome_of({foreign}) == "token_issuer");
  CHECK(outcome_of({foreign, {"X-Event-Grid-Secret", "new-word"}}) == "event_grid_secret");
  CHECK(outcome_of({{"Authorization", "Bearer opaque"}, {"X-Event-Grid-Secret", "new-word"}}) == "event_grid_secret");
  CHECK(outcome_of({{"X-Signature", sign_body("", body)}}) == "signature_missing");

  settings.event_grid_secrets = {""};
  CHECK(outcome_of({{"X-Event-Grid-Secret", "x"}}) == "signature_invalid");
  settings.event_grid_secrets.clear();
  CHECK(outcome_of({{"X-Event-Grid-Secret", "x"}}) == "signature_missing");
}

TEST_CASE_METHOD(Webhook, "without our resource's id no callback is ours") {
  settings.resource_id.clear();
  settings.event_grid_tenant.clear();
  const std::string token = callback_key().sign(callback_claims());
  CHECK(outcome_of_token(token) == "token_issuer");
  CHECK(outcome_of_socket() == "token_issuer");
}

TEST_CASE_METHOD(Webhook, "a socket is asked for with a callback's token and with nothing else") {
  headers = {{"Authorization", "Bearer " + callback_key().sign(callback_claims())}};
  CHECK(outcome_of_socket() == "accepted");
  headers = {{"Authorization", "Bearer " + entra_key().sign(event_grid_claims())}};
  CHECK(outcome_of_socket() == "token_signature");
  headers = {{"X-Event-Grid-Secret", "new-word"}};
  CHECK(outcome_of_socket() == "signature_missing");
}

TEST_CASE_METHOD(Webhook, "the secret's header is named by the settings, and its value is in no error") {
  settings.event_grid_secret_header = "X-Delivery-Key";
  CHECK(outcome_of({{"X-Event-Grid-Secret", "new-word"}}) == "signature_missing");
  CHECK(outcome_of({{"X-Delivery-Key", "new-word"}}) == "event_grid_secret");
  headers = {{"X-Delivery-Key", "a-guess"}};
  const Proofs checking = proofs();
  const auto error = calls::test::run(checking.check(headers, sent)).error();
  CHECK_THAT(error.message + error.detail, !Catch::Contains("a-guess") && !Catch::Contains("word"));
}
