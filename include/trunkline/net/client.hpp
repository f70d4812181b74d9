#pragma once

#include <trunkline/base/clock.hpp>
#include <trunkline/base/result.hpp>
#include <trunkline/net/http.hpp>
#include <trunkline/net/websocket.hpp>
#include <trunkline/net/worker.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>

#include <functional>
#include <memory>
#include <string>

namespace trunkline::net {

struct ClientRequest {
  std::string method = "GET";
  std::string url;
  Headers headers;
  std::string body;
  milliseconds timeout{15'000};  ///< for the whole exchange
  std::size_t max_body_bytes = 8 * 1024 * 1024;
  bool body_matters = true;  ///< false: an answer whose body is too large or broken counts by its status, without it
  /// Which of the addresses that the host stands for may be connected to; empty: all. Asked anew for each request, of
  /// the very addresses that are then used.
  std::function<bool(const asio::ip::address&)> admits;
};

struct ClientResponse {
  int status = 0;
  Headers headers;
  std::string body;
};

/// One request on a connection of its own. Redirects are not followed. TLS certificates are verified. Errors:
/// `invalid_url`, `unreachable`, `address_refused`, `timeout`, `tls_failed`, `bad_response`. Runs on the calling
/// coroutine's loop.
asio::awaitable<Result<ClientResponse>> fetch(ClientRequest request);

struct WebSocketRequest {
  std::string url;  ///< ws or wss
  Headers headers;
  milliseconds timeout{4'000};  ///< until the upgrade is answered
  std::size_t max_message_bytes = 1024 * 1024;
  std::size_t max_unsent_bytes = 1024 * 1024;
};

/// Connects in the background on `worker` (call it there). `handler` hears on_open(), or on_close() with the reason
/// and, where there was one, the HTTP status of the refusal.
void open_websocket(Worker& worker, WebSocketRequest request, std::shared_ptr<WebSocketHandler> handler);

}  // namespace trunkline::net
