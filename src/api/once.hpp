#pragma once

#include "api/exchange.hpp"

#include <trunkline/api/idempotent_requests.hpp>

namespace trunkline::api {

/// Whether the client wants this request to take effect once, however often it is sent: a POST of the REST API with an
/// Idempotency-Key. Providers have proofs and keys of their own.
bool wants_once(const Endpoint& endpoint, const net::Request& request);

/// Serves such a request (draft-ietf-httpapi-idempotency-key-header-07): the first answer is kept and given again with
/// `Idempotent-Replayed: true`. Errors: 400 `invalid_idempotency_key`, 409 `request_in_flight`,
/// 422 `idempotency_key_reused`, and 503 when the database is away.
///
/// Not kept are answers after which the same key may be tried again: those that refuse the request as it is (400, 401,
/// 403, 408, 413, 415, 422, 429), every 5xx, and what cannot be kept: files, binary, more than 256 KiB.
asio::awaitable<net::Response> serve_once(IdempotentRequests& requests, const Endpoint& endpoint, Exchange& exchange);

}  // namespace trunkline::api
