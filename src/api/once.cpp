#include "api/once.hpp"

#include "api/guard.hpp"

#include <trunkline/base/crypto.hpp>
#include <trunkline/base/text.hpp>
#include <trunkline/observe/log.hpp>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <utility>

namespace trunkline::api {
namespace {

constexpr std::string_view key_header = "Idempotency-Key";
constexpr std::size_t longest_key = 255;
constexpr std::size_t largest_kept = 256 * 1024;

bool is_key(std::string_view text) {
  const auto visible = [](char c) { return c > ' ' && c < 0x7F; };
  return !text.empty() && text.size() <= longest_key && std::all_of(text.begin(), text.end(), visible);
}

// With their lengths, so that no two lists of parts run together into the same text.
std::string digest_of(std::initializer_list<std::string_view> parts) {
  std::string all;
  for (const std::string_view part : parts) all.append(std::to_string(part.size())).append(":").append(part);
  return crypto::hex(crypto::sha256(all));
}

RequestIdentity identity_of(const Exchange& exchange) {
  const net::Request& request = exchange.request;
  return {digest_of({exchange.principal.subject, request.method, request.path, request.header(key_header)}),
          digest_of({request.query, request.body})};
}

// Nothing was done, or it may be asked for again.
bool settles_nothing(int status) {
  static constexpr std::array refusals = {400, 401, 403, 408, 413, 415, 422, 429};
  return status >= 500 || std::find(refusals.begin(), refusals.end(), status) != refusals.end();
}

bool can_be_kept(const net::Response& response) {
  return !response.file && response.body.size() <= largest_kept && text::is_utf8(response.body) &&
         response.body.find('\0') == std::string::npos;
}

net::Response repeated(KeptAnswer answer) {
  net::Response response;
  response.status = answer.status;
  if (!answer.content_type.empty()) response.set("Content-Type", std::move(answer.content_type));
  if (!answer.location.empty()) response.set("Location", std::move(answer.location));
  response.set("Idempotent-Replayed", "true");
  response.body = std::move(answer.body);
  return response;
}

net::Response in_flight(const Exchange& exchange) {
  net::Response response = net::problem(
      409,
      make_error("request_in_flight", "a request with this Idempotency-Key is being served; ask again for its answer"),
      exchange.request.id);
  response.set("Retry-After", "1");
  return response;
}

net::Response reused(const Exchange& exchange) {
  return net::problem(
      422,
      make_error("idempotency_key_reused", "this Idempotency-Key was used with another body or query; take a new one"),
      exchange.request.id);
}

// The answer is given all the same: what it says is done. Until the request counts as abandoned, its key is taken.
asio::awaitable<void> settle(IdempotentRequests& requests, std::string key, std::string attempt,
                             const net::Response& response, const std::string& request_id) {
  Result<> settled;
  if (settles_nothing(response.status) || !can_be_kept(response)) {
    settled = co_await requests.withdraw(std::move(key), std::move(attempt));
  } else {
    KeptAnswer answer{response.status, std::string(net::find_header(response.headers, "Content-Type")),
                      std::string(net::find_header(response.headers, "Location")), response.body};
    settled = co_await requests.keep(std::move(key), std::move(attempt), std::move(answer));
  }
  if (!settled) log::warn("an answer was not kept", {{"requestId", request_id}, {"reason", settled.error().message}});
}

}  // namespace

bool wants_once(const Endpoint& endpoint, const net::Request& request) {
  return endpoint.method == "POST" && endpoint.access == Access::token &&
         std::any_of(request.headers.begin(), request.headers.end(),
                     [](const net::Header& header) { return text::iequals(header.name, key_header); });
}

asio::awaitable<net::Response> serve_once(IdempotentRequests& requests, const Endpoint& endpoint, Exchange& exchange) {
  if (!is_key(exchange.request.header(key_header))) {
    co_return net::problem(
        400, make_error("invalid_idempotency_key", "an Idempotency-Key has 1 to 255 visible ASCII characters"),
        exchange.request.id);
  }
  const RequestIdentity identity = identity_of(exchange);
  auto standing = co_await requests.begin(identity);
  if (!standing) co_return exchange.fail(standing.error());
  using Verdict = IdempotentRequests::Verdict;
  switch (standing->verdict) {
    case Verdict::in_flight:
      co_return in_flight(exchange);
    case Verdict::reused:
      co_return reused(exchange);
    case Verdict::repeated:
      co_return repeated(std::move(standing->answer));
    case Verdict::begun:
      break;
  }
  net::Response response = co_await serve_guarded(endpoint, exchange);
  co_await settle(requests, identity.key, standing->attempt, response, exchange.request.id);
  co_return response;
}

}  // namespace trunkline::api
