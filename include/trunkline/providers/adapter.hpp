#pragma once

#include <trunkline/base/form.hpp>
#include <trunkline/base/result.hpp>
#include <trunkline/calls/provider.hpp>
#include <trunkline/net/http.hpp>
#include <trunkline/net/problem.hpp>
#include <trunkline/net/websocket.hpp>
#include <trunkline/observe/webhook_figures.hpp>
#include <trunkline/recording/file_source.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace trunkline::providers {

namespace asio = boost::asio;

/// A request of a provider on its way through its handler, and what the handler finds out about it.
struct Delivery {
  net::Request& request;
  const Params& path;   ///< values of the pattern's `{name}`s, decoded
  const Params& query;  ///< decoded

  std::string call_id;                  ///< of the call that it is about, unless the path says it
  bool unproven = false;                ///< the provider's proof is missing or wrong: counts against the sender
  bool repeated = false;                ///< known from before: it had no effect
  std::optional<WallTime> sent_at;      ///< by the provider's clock
  std::vector<net::FieldError> faults;  ///< of a request that is refused with `invalid_parameter`
  std::size_t retries = 0;              ///< of what failed for now, within the request
  std::size_t given_up = 0;             ///< how much of it failed to the end
};

/// What a provider sends to `pattern`. An error is rendered by whoever serves the route, as RFC 9457 has it.
struct WebhookRoute {
  std::string method;
  std::string pattern;
  std::string type;  ///< for the figures: one of a few words, unique among all providers
  std::function<asio::awaitable<Result<net::Response>>(Delivery&)> take;
  bool dated = false;  ///< says when it was sent
};

/// Where a provider opens a WebSocket.
struct SocketRoute {
  std::string pattern;
  std::function<asio::awaitable<Result<std::shared_ptr<net::WebSocketHandler>>>(Delivery&)> open;
};

/// One telephone provider: its way in and its way out. All that a new one needs is a folder with one of these, and its
/// line in the composition root. Handlers run on their connection's worker, many at once; the adapter outlives its
/// routes.
class Adapter {
 public:
  virtual ~Adapter() = default;
  virtual calls::Provider& provider() = 0;
  virtual std::vector<WebhookRoute> webhooks() = 0;
  virtual std::vector<SocketRoute> sockets() = 0;
  /// Where the recordings lie that the provider makes; null: it makes none that are fetched.
  virtual recording::FileSource* recordings() { return nullptr; }
  /// The provider's events without its proof, so that a developer can send some. Served in development alone, and to
  /// those alone who may command calls. Nothing: there is no such route.
  virtual std::optional<WebhookRoute> trial() { return std::nullopt; }
};

}  // namespace trunkline::providers
