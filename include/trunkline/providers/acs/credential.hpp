#pragma once

#include <trunkline/base/clock.hpp>
#include <trunkline/base/result.hpp>
#include <trunkline/base/wakeup.hpp>
#include <trunkline/net/http.hpp>
#include <trunkline/providers/acs/signing.hpp>

#include <boost/asio/awaitable.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace trunkline::providers::acs {

namespace asio = boost::asio;

/// Rests a coroutine. Injected, so that a test need not wait.
using Wait = std::function<asio::awaitable<void>(milliseconds)>;

/// What makes the service take a request for ours. Any worker.
class Credential {
 public:
  virtual ~Credential() = default;
  /// The headers that the request has to bear. What `request` points to stays until then. Errors: those of the one who
  /// gives out tokens.
  virtual asio::awaitable<Result<net::Headers>> authorize(Signable request) = 0;
};

/// Signs with the resource's access key (in bytes). `clock` outlives it.
std::unique_ptr<Credential> access_key_credential(std::string access_key, const Clock& clock);

/// The identity that Azure gives a machine or container: no secret to keep.
struct ManagedIdentity {
  /// Of App Service and Container Apps (`IDENTITY_ENDPOINT` and `IDENTITY_HEADER`). Both, or the machine's metadata
  /// service is asked.
  std::string identity_endpoint;
  std::string identity_header;  ///< a secret
  std::string imds_url = "http://169.254.169.254/metadata/identity/oauth2/token";
  std::string client_id;  ///< of a user-assigned identity
  /// The scope of Microsoft's SDKs, `https://communication.azure.com//.default`, without its last part.
  std::string resource = "https://communication.azure.com/";
  milliseconds timeout{3'000};  ///< of one attempt
  /// Before each repetition after 404, 429 and 5xx, which all pass.
  std::vector<milliseconds> waits = {milliseconds{800}, milliseconds{1'600}, milliseconds{3'200}};
};

/// Bears a token that is fetched when needed, kept until five minutes before it expires, and shared: whoever comes
/// while one is being fetched waits for it. When a new one is not to be had, the old one serves until its end. Errors:
/// `provider_not_configured` (there is no such identity), `provider_unavailable`. `clock` outlives it.
std::unique_ptr<Credential> managed_identity_credential(ManagedIdentity options, const Clock& clock, Wait wait = pause);

struct AccessToken {
  std::string token;
  WallTime expires;
};
/// The answer of either service. Error `provider_unavailable`.
Result<AccessToken> read_access_token(std::string_view body);

}  // namespace trunkline::providers::acs
