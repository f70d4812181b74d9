#include <trunkline/auth/jwt.hpp>
#include <trunkline/base/base64.hpp>
#include <trunkline/base/crypto.hpp>
#include <trunkline/base/text.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

namespace trunkline::auth {
namespace {

using nlohmann::json;

Error malformed(std::string message) {
  return make_error("token_malformed", std::move(message));
}

Result<json> decode_object(std::string_view part, const std::string& what) {
  const auto text = base64::decode_url(part);
  if (!text) return malformed("the token's " + what + " is not base64url");
  json object = json::parse(*text, nullptr, false);
  if (!object.is_object()) return malformed("the token's " + what + " is not a JSON object");
  return object;
}

/// Reads one object's members; the first that is of a wrong type is remembered.
class Members {
 public:
  explicit Members(const json& object) : object_(object) {}

  std::string text(const char* name) {
    const json* value = find(name);
    if (value == nullptr) return {};
    if (value->is_string()) return value->get<std::string>();
    wrong(name);
    return {};
  }

  /// A string, or an array of strings.
  std::vector<std::string> texts(const char* name) {
    const json* value = find(name);
    if (value == nullptr) return {};
    if (value->is_string()) return {value->get<std::string>()};
    const auto is_string = [](const json& one) { return one.is_string(); };
    if (value->is_array() && std::all_of(value->begin(), value->end(), is_string)) {
      return value->get<std::vector<std::string>>();
    }
    wrong(name);
    return {};
  }

  /// NumericDate (RFC 7519 section 2): seconds, perhaps with a fraction, which is cut off.
  std::optional<std::int64_t> date(const char* name) {
    static constexpr double limit = 1e12;  // far beyond any date, far below what a conversion cannot hold
    const json* value = find(name);
    if (value == nullptr) return std::nullopt;
    const double seconds = value->is_number() ? value->get<double>() : limit;
    if (std::abs(seconds) < limit) return static_cast<std::int64_t>(std::floor(seconds));
    wrong(name);
    return std::nullopt;
  }

  const char* first_wrong() const { return wrong_; }

 private:
  const json* find(const char* name) const {
    const auto found = object_.find(name);
    return found == object_.end() ? nullptr : &*found;
  }
  void wrong(const char* name) {
    if (wrong_ == nullptr) wrong_ = name;
  }

  const json& object_;
  const char* wrong_ = nullptr;
};

Claims claims_of(Members& members) {
  Claims claims;
  claims.subject = members.text("sub");
  claims.issuer = members.text("iss");
  claims.audience = members.texts("aud");
  claims.expires = members.date("exp");
  claims.not_before = members.date("nbf");
  claims.roles = members.texts("roles");
  claims.permissions = members.texts("permissions");
  claims.application = members.text("azp");
  if (claims.application.empty()) claims.application = members.text("appid");
  return claims;
}

}  // namespace

Result<Token> parse_token(std::string_view text) {
  if (text.empty()) return make_error("token_missing", "the request has no token");
  if (text.size() > max_token_bytes) return malformed("the token is longer than 8 KiB");
  const auto parts = text::split(text, '.');
  if (parts.size() != 3) return malformed("the token does not have three parts");

  const auto header = decode_object(parts[0], "header");
  if (!header) return header.error();
  const auto payload = decode_object(parts[1], "payload");
  if (!payload) return payload.error();
  auto signature = base64::decode_url(parts[2]);
  if (!signature) return malformed("the token's signature is not base64url");
  // RFC 7515 section 4.1.11: what is marked critical and not understood must be refused. We understand none.
  if (header->contains("crit")) return malformed("the token's header has critical extensions");

  Members head(*header);
  Members body(*payload);
  Token token{head.text("alg"), head.text("kid"), claims_of(body),
              text.substr(0, parts[0].size() + 1 + parts[1].size()), std::move(*signature)};
  if (head.first_wrong() != nullptr)
    return malformed(std::string("the token's header has a wrong ") + head.first_wrong());
  if (body.first_wrong() != nullptr) return malformed(std::string("the token has a wrong ") + body.first_wrong());
  return token;
}

Result<> check_times(const Claims& claims, WallTime now, std::chrono::seconds leeway) {
  const std::int64_t seconds = to_millis(now) / 1000;
  if (!claims.expires) return malformed("the token has no exp");
  if (seconds >= *claims.expires + leeway.count()) return make_error("token_expired", "the token has expired");
  if (claims.not_before && seconds < *claims.not_before - leeway.count()) {
    return make_error("token_not_yet_valid", "the token is not valid yet");
  }
  return {};
}

Result<> check_claims(const Claims& claims, const ClaimRules& rules, WallTime now) {
  if (auto in_time = check_times(claims, now, rules.leeway); !in_time) return in_time;
  if (!rules.issuer.empty() && claims.issuer != rules.issuer) {
    return make_error("token_issuer", "the token is from another issuer");
  }
  const auto& audience = claims.audience;
  if (!rules.audience.empty() && std::find(audience.begin(), audience.end(), rules.audience) == audience.end()) {
    return make_error("token_audience", "the token is for another audience");
  }
  if (!rules.application.empty() && claims.application != rules.application) {
    return make_error("token_application", "the token was issued to another application");
  }
  return {};
}

Result<Claims> verify_token(std::string_view text, const KeySet& keys, const ClaimRules& rules, WallTime now) {
  auto token = parse_token(text);
  if (!token) return token.error();
  if (!keys.verify({token->algorithm, token->key_id}, token->signed_part, token->signature)) {
    return make_error("token_signature", "the token's signature is not by a key that is accepted here");
  }
  const auto checked = check_claims(token->claims, rules, now);
  if (!checked) return checked.error();
  return std::move(token->claims);
}

std::string issue_token(std::string_view secret, const Grant& grant, const Clock& clock) {
  const std::int64_t now = to_millis(clock.wall()) / 1000;
  json claims = {{"sub", grant.subject}, {"roles", grant.roles}, {"iat", now}, {"exp", now + grant.ttl.count()}};
  if (!grant.rules.issuer.empty()) claims["iss"] = grant.rules.issuer;
  if (!grant.rules.audience.empty()) claims["aud"] = grant.rules.audience;
  const json header = {{"alg", to_string(Algorithm::hs256)}, {"typ", "JWT"}};
  const std::string head = base64::encode_url(header.dump());
  const std::string body = base64::encode_url(claims.dump(-1, ' ', false, json::error_handler_t::replace));
  const std::string message = head + "." + body;
  return message + "." + base64::encode_url(crypto::hmac_sha256(secret, message));
}

}  // namespace trunkline::auth
