#pragma once

#include <trunkline/auth/rotating_keys.hpp>
#include <trunkline/base/clock.hpp>
#include <trunkline/base/result.hpp>
#include <trunkline/config/settings.hpp>
#include <trunkline/net/http.hpp>

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace trunkline::providers::acs {

namespace asio = boost::asio;

/// What says that a request comes from Azure.
enum class Proof : std::uint8_t {
  callback_token,     ///< Call Automation's JWT for our resource
  event_grid_token,   ///< Microsoft Entra's JWT for Event Grid to our application
  event_grid_secret,  ///< the header that the Event Grid subscription was given
  shared_secret,      ///< HMAC-SHA256 over the body, see shared_secret.hpp
};
std::string_view to_string(Proof proof);

/// Event Grid's own application id, in every tenant.
inline constexpr std::string_view event_grid_application = "4962773b-9cdb-44cf-a8bf-237846a00ab7";

/// Tells requests of Azure from those of others. Any thread.
///
/// A request is proven by what it carries and the settings can check. Several proofs must hold all: a good token does
/// not make up for a body whose signature is broken. What the settings cannot check proves nothing, and spoils nothing.
class Proofs {
 public:
  /// Where keys are published; see published_keys(). One is not called without the settings that it belongs to.
  struct Keys {
    auth::FetchKeys callbacks;
    auth::FetchKeys event_grid;
  };
  /// `clock`, and what the keys need, outlive every loop that check() ran on.
  Proofs(config::Acs settings, Keys keys, const Clock& clock);

  /// The first proof that is carried, of the order above; both arguments live until the end. Errors:
  /// `signature_missing` (no proof), `signature_invalid` (a secret or signature that is wrong), those of
  /// auth::verify_token(), and `keys_unavailable`: nobody can say now, so that the sender should try again.
  asio::awaitable<Result<Proof>> check(const net::Headers& headers, std::string_view body) const;

  /// Whether the request for a media or transcription socket carries Call Automation's token. Errors: as check().
  asio::awaitable<Result<>> check_socket(const net::Headers& headers) const;

 private:
  using Found = Result<std::optional<Proof>>;  ///< nothing: not carried, or cannot be checked
  Found check_event_grid_secret(const net::Headers& headers) const;
  Found check_shared_secret(const net::Headers& headers, std::string_view body) const;
  /// Whose token this claims to be: callback_token or event_grid_token. Error: why it cannot be checked.
  Result<Proof> claimed_by(const std::string& token) const;
  asio::awaitable<Result<Proof>> verify(Proof claimed, std::string token) const;

  bool takes_callback_tokens() const;
  bool takes_event_grid_tokens() const;
  auth::ClaimRules callback_rules() const;
  auth::ClaimRules event_grid_rules(const std::string& token) const;

  config::Acs settings_;
  auth::RotatingKeys callback_keys_;
  auth::RotatingKeys event_grid_keys_;
};

}  // namespace trunkline::providers::acs
