#include <trunkline/auth/authenticator.hpp>
#include <trunkline/base/crypto.hpp>
#include <trunkline/base/text.hpp>
#include <trunkline/providers/acs/proof.hpp>
#include <trunkline/providers/acs/shared_secret.hpp>

#include <array>
#include <utility>

namespace trunkline::providers::acs {
namespace {

/// A callback's token lasts for five minutes, and the callback may be on its way for as long.
constexpr std::chrono::minutes callback_leeway{5};

}  // namespace

std::string_view to_string(Proof proof) {
  static constexpr std::array<std::string_view, 4> names = {"callback_token", "event_grid_token", "event_grid_secret",
                                                            "shared_secret"};
  return names[static_cast<std::size_t>(proof)];
}

Proofs::Proofs(config::Acs settings, Keys keys, const Clock& clock)
    : settings_(std::move(settings)),
      callback_keys_(std::move(keys.callbacks), clock),
      event_grid_keys_(std::move(keys.event_grid), clock) {}

bool Proofs::takes_callback_tokens() const {
  return !settings_.resource_id.empty() && !settings_.callback_issuer.empty();
}

bool Proofs::takes_event_grid_tokens() const {
  return !settings_.event_grid_audience.empty() && !settings_.event_grid_tenant.empty();
}

auth::ClaimRules Proofs::callback_rules() const {
  return {settings_.callback_issuer, settings_.resource_id, {}, callback_leeway};
}

// Entra issues tokens of two versions, under two names; which one, the application's registration says.
auth::ClaimRules Proofs::event_grid_rules(const std::string& token) const {
  const auto parsed = auth::parse_token(token);
  const std::string tenant = text::lower(settings_.event_grid_tenant);
  const std::string first = "https://sts.windows.net/" + tenant + "/";
  const std::string second = "https://login.microsoftonline.com/" + tenant + "/v2.0";
  return {parsed && parsed->claims.issuer == first ? first : second, settings_.event_grid_audience,
          std::string(event_grid_application), auth::clock_leeway};
}

Proofs::Found Proofs::check_event_grid_secret(const net::Headers& headers) const {
  const std::string_view given = net::find_header(headers, settings_.event_grid_secret_header);
  if (given.empty() || settings_.event_grid_secrets.empty()) return std::optional<Proof>();
  bool matched = false;
  for (const std::string& secret : settings_.event_grid_secrets) {
    matched |= !secret.empty() && crypto::equal_constant_time(secret, given);
  }
  if (matched) return std::optional(Proof::event_grid_secret);
  return make_error("signature_invalid", settings_.event_grid_secret_header + " is not the configured secret");
}

Proofs::Found Proofs::check_shared_secret(const net::Headers& headers, std::string_view body) const {
  if (settings_.webhook_secrets.empty()) return std::optional<Proof>();
  for (const std::string_view name : shared_secret_headers) {
    const std::string_view given = net::find_header(headers, name);
    if (given.empty()) continue;
    if (body_signature_matches(settings_.webhook_secrets, body, given)) return std::optional(Proof::shared_secret);
    return make_error("signature_invalid", std::string(name) + " does not fit this body; check AZURE_WEBHOOK_SECRET");
  }
  return std::optional<Proof>();
}

Result<Proof> Proofs::claimed_by(const std::string& token) const {
  if (token.empty()) return make_error("signature_missing", "the request carries nothing that proves who sent it");
  const auto parsed = auth::parse_token(token);
  if (!parsed) return parsed.error();
  if (takes_callback_tokens() && parsed->claims.issuer == settings_.callback_issuer) return Proof::callback_token;
  if (takes_event_grid_tokens()) return Proof::event_grid_token;
  return make_error("token_issuer", "the token is from an issuer that is not configured here");
}

asio::awaitable<Result<Proof>> Proofs::verify(Proof claimed, std::string token) const {
  const bool is_callback = claimed == Proof::callback_token;
  auto rules = is_callback ? callback_rules() : event_grid_rules(token);
  const auto& keys = is_callback ? callback_keys_ : event_grid_keys_;
  const auto claims = co_await keys.verify(std::move(token), std::move(rules));
  if (!claims) co_return claims.error();
  co_return claimed;
}

asio::awaitable<Result<Proof>> Proofs::check(const net::Headers& headers, std::string_view body) const {
  const Found secret = check_event_grid_secret(headers);
  if (!secret) co_return secret.error();
  const Found signature = check_shared_secret(headers, body);
  if (!signature) co_return signature.error();
  const std::optional<Proof> cheap = *secret ? *secret : *signature;

  std::string token(auth::bearer_token(net::find_header(headers, "Authorization")));
  const auto claimed = claimed_by(token);
  if (!claimed && cheap) co_return *cheap;  // whatever else is in that header, it is for somebody else
  if (!claimed) co_return claimed.error();
  co_return co_await verify(*claimed, std::move(token));
}

asio::awaitable<Result<>> Proofs::check_socket(const net::Headers& headers) const {
  std::string token(auth::bearer_token(net::find_header(headers, "Authorization")));
  if (token.empty()) co_return make_error("signature_missing", "the request for a socket carries no token");
  if (!takes_callback_tokens()) co_return make_error("token_issuer", "the token's resource is not configured here");
  const auto proof = co_await verify(Proof::callback_token, std::move(token));
  if (!proof) co_return proof.error();
  co_return Result<>{};
}

}  // namespace trunkline::providers::acs
