#pragma once

#include "api/exchange.hpp"

namespace trunkline::api {

/// Calls an endpoint's handler. One that throws is a bug: the client learns that much (500 `internal_error`), the log
/// learns the rest.
asio::awaitable<net::Response> serve_guarded(const Endpoint& endpoint, Exchange& exchange);
asio::awaitable<net::Upgrade> upgrade_guarded(const Endpoint& endpoint, Exchange& exchange);

}  // namespace trunkline::api
