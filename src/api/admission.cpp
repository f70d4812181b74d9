#include "api/admission.hpp"

#include <trunkline/base/text.hpp>

#include <algorithm>
#include <string>
#include <utility>

namespace trunkline::api {
namespace {

// Whether the client asked for this host by a name that means it everywhere, at any port.
bool names_loopback(std::string_view host) {
  const auto end = host.starts_with('[') ? host.find(']') + 1 : host.find(':');
  const std::string_view name = host.substr(0, end);
  return name == "127.0.0.1" || name == "[::1]" || text::iequals(name, "localhost");
}

// The connection's address, never one that a header names.
bool is_loopback(const net::Request& request) {
  const auto& address = request.remote_address;
  const bool local = address.starts_with("127.") || address == "::1" || address.starts_with("::ffff:127.");
  // Behind a proxy on this host everybody would look local. Most proxies give themselves away by one of these.
  return local && names_loopback(request.header("Host")) && request.header("X-Forwarded-For").empty() &&
         request.header("Forwarded").empty();
}

// Browsers cannot set headers on a WebSocket or a link (RFC 6750 section 2.3). Elsewhere a token has no business in
// an address, which is kept in histories and logs.
std::string_view token_of(const Endpoint& endpoint, const Exchange& exchange, Purpose purpose) {
  const std::string_view token = auth::bearer_token(exchange.request.header("Authorization"));
  if (!token.empty() || (purpose != Purpose::socket && !endpoint.linked)) return token;
  return first_of(exchange.query, "access_token");
}

std::string seconds_of(milliseconds time) {
  return std::to_string(std::chrono::ceil<std::chrono::seconds>(time).count());
}

// How many may come at once, how many still may, and when it is all of them again.
void tell(net::Response& response, const LimitAnswer& limit) {
  if (limit.limit == 0) return;
  response.set("RateLimit-Limit", std::to_string(limit.limit));
  response.set("RateLimit-Remaining", std::to_string(limit.remaining));
  response.set("RateLimit-Reset", seconds_of(limit.full_after));
}

net::Response too_many(const LimitAnswer& limit, std::string_view request_id) {
  net::Response response =
      net::problem(429, make_error("rate_limited", "too many requests; try again later"), request_id);
  response.set("Retry-After", seconds_of(std::max(limit.retry_after, milliseconds{1})));
  tell(response, limit);
  return response;
}

bool only_reads(const net::Request& request) {
  return request.method == "GET" || request.method == "HEAD";
}

}  // namespace

asio::awaitable<std::optional<net::Response>> Admission::admit(const Endpoint& endpoint, Exchange& exchange,
                                                               Purpose purpose) const {
  auto query = parse_form(exchange.request.query);
  if (!query) co_return exchange.fail(query.error());
  exchange.query = std::move(*query);
  if (endpoint.access == Access::open) co_return std::nullopt;
  const std::string client = exchange.request.client_address;
  if (purpose == Purpose::socket) {
    auto refusal = co_await limit(LimitClass::upgrade, client, exchange);
    if (refusal) co_return refusal;
  }
  if (endpoint.access == Access::provider) {
    if (purpose == Purpose::socket) co_return std::nullopt;
    co_return co_await limit(LimitClass::webhook, client, exchange);
  }
  if (endpoint.access == Access::operators && is_operator(exchange.request)) co_return std::nullopt;
  co_return co_await admit_proven(endpoint, exchange, purpose);
}

asio::awaitable<std::optional<net::Response>> Admission::admit_proven(const Endpoint& endpoint, Exchange& exchange,
                                                                      Purpose purpose) const {
  if (auto refusal = authenticate(endpoint, exchange, purpose)) {
    co_await conclude(exchange, *refusal);
    co_return refusal;
  }
  if (purpose == Purpose::answer) {
    const LimitClass kind = only_reads(exchange.request) ? LimitClass::api_read : LimitClass::api_write;
    auto refusal = co_await limit(kind, exchange.principal.subject, exchange);
    if (refusal) co_return refusal;
  }
  if (exchange.principal.may(endpoint.permission)) co_return std::nullopt;
  const std::string permission(auth::to_string(endpoint.permission));
  net::Response refusal = net::problem(403, make_error("permission_denied", "this needs the permission " + permission),
                                       exchange.request.id);
  tell(refusal, exchange.limit);
  co_return refusal;
}

asio::awaitable<std::optional<net::Response>> Admission::limit(LimitClass kind, std::string who,
                                                               Exchange& exchange) const {
  exchange.limit = co_await services_.limits.take(kind, std::move(who));
  if (exchange.limit.admitted) co_return std::nullopt;
  co_return too_many(exchange.limit, exchange.request.id);
}

asio::awaitable<void> Admission::conclude(const Exchange& exchange, net::Response& response) const {
  tell(response, exchange.limit);
  if (!exchange.unproven) co_return;
  const LimitAnswer tries = co_await services_.limits.take(LimitClass::unproven, exchange.request.client_address);
  if (!tries.admitted) response = too_many(tries, exchange.request.id);
}

std::optional<net::Response> Admission::authenticate(const Endpoint& endpoint, Exchange& exchange,
                                                     Purpose purpose) const {
  const std::string_view token = token_of(endpoint, exchange, purpose);
  auto principal = services_.authenticator.authenticate(token);
  if (!principal) {
    exchange.unproven = true;
    net::Response response = net::problem(401, principal.error(), exchange.request.id);
    // Who has shown nothing is not told of an error (RFC 6750 section 3.1).
    response.set("WWW-Authenticate",
                 token.empty() ? "Bearer realm=\"trunkline\"" : "Bearer realm=\"trunkline\", error=\"invalid_token\"");
    return response;
  }
  exchange.principal = std::move(*principal);
  return std::nullopt;
}

bool Admission::is_operator(const net::Request& request) const {
  switch (services_.settings.security.metrics_access) {
    case config::MetricsAccess::open:
      return true;
    case config::MetricsAccess::loopback:
      return is_loopback(request);
    case config::MetricsAccess::token:
      return false;
  }
  return false;
}

}  // namespace trunkline::api
