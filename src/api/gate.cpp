// Every request passes here: route, admission, handler, then what all answers share.

#include "api/accept.hpp"
#include "api/admission.hpp"
#include "api/endpoints.hpp"
#include "api/guard.hpp"
#include "api/once.hpp"
#include "api/router.hpp"

#include <trunkline/api/api.hpp>
#include <trunkline/base/text.hpp>
#include <trunkline/observe/log.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

namespace trunkline::api {
namespace {

constexpr std::size_t gzip_from_bytes = 1024;

// A label, so from a closed set: the method is the client's own word.
std::string_view known_method(std::string_view method) {
  static constexpr std::string_view known[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};
  const auto* found = std::find(std::begin(known), std::end(known), method);
  return found == std::end(known) ? "OTHER" : *found;
}

// Asked every few seconds by machines: worth a line only when debugging.
bool is_probe(std::string_view route) {
  return route.ends_with("health") || route.ends_with("livez") || route.ends_with("readyz") ||
         route.ends_with("ready") || route.ends_with("metrics");
}

/// Of a request that asked for an upgrade.
class NoBody final : public net::IncomingBody {
 public:
  asio::awaitable<std::optional<net::Response>> receive() override { co_return std::nullopt; }
};

// A telephone number has no business in a log, also when somebody made it a part of a path.
std::string loggable(std::string path) {
  constexpr std::ptrdiff_t shortest_number = 7;
  for (std::size_t begin = 0, end = 0; begin < path.size(); begin = end + 1) {
    end = std::min(path.find('/', begin), path.size());
    const std::string_view segment(path.data() + begin, end - begin);
    const bool escaped = segment.starts_with("%2B") || segment.starts_with("%2b");
    const auto first = path.begin() + static_cast<std::ptrdiff_t>(begin) + (escaped ? 3 : segment.starts_with('+'));
    const auto last = path.begin() + static_cast<std::ptrdiff_t>(end);
    const bool number = std::all_of(first, last, [](char c) { return c >= '0' && c <= '9'; });
    if (number && last - first >= shortest_number) std::fill(first, last - 2, '*');
  }
  return path;
}

/// What the log is to say of a request.
struct Trace {
  std::string_view route = "unmatched";
  std::string call_id;

  void take(const Exchange& exchange) {
    call_id = loggable(exchange.call_id.empty() ? std::string(exchange.param("callId")) : exchange.call_id);
  }
};

class Gate final : public Api {
 public:
  explicit Gate(const Services& services) : services_(services) {
    add_health_endpoints(router_, services_);
    add_call_endpoints(router_, services_);
    add_recording_endpoints(router_, services_);
    add_live_endpoints(router_, services_);
    add_provider_endpoints(router_, services_);
    add_webhook_figures_endpoints(router_, services_);
    add_system_endpoints(router_, services_);
    add_webhook_endpoints(router_, services_);
  }

  std::vector<RouteInfo> routes() const override {
    std::vector<RouteInfo> all;
    for (const auto& endpoint : router_.endpoints()) all.push_back({endpoint.method, endpoint.pattern});
    return all;
  }

  asio::awaitable<net::Response> serve(net::Request& request, net::IncomingBody& body) override {
    const MonoTime began = services_.clock.mono();
    Trace trace;
    net::Response response = co_await answer(request, body, trace);
    finish(request, response);
    account(request, trace, response.status, services_.clock.mono() - began);
    co_return response;
  }

  asio::awaitable<net::Upgrade> upgrade(net::Request& request) override {
    const MonoTime began = services_.clock.mono();
    Trace trace;
    net::Upgrade result = co_await answer_upgrade(request, trace);
    if (!result.handler) finish(request, result.refusal);
    account(request, trace, result.handler ? 101 : result.refusal.status, services_.clock.mono() - began);
    co_return result;
  }

 private:
  asio::awaitable<net::Response> answer(net::Request& request, net::IncomingBody& body, Trace& trace) {
    auto match = router_.find(request.method, request.path);
    if (is_preflight(request) && (match.endpoint != nullptr || !match.allowed.empty()))
      co_return preflight(match.allowed);
    if (match.endpoint == nullptr) co_return unmatched(request, match.allowed);
    trace.route = match.endpoint->pattern;
    if (!match.endpoint->handler) {
      net::Response response =
          net::problem(426, make_error("upgrade_required", "this address speaks WebSocket only"), request.id);
      response.set("Upgrade", "websocket");
      co_return response;
    }
    Exchange exchange{request, std::move(match.path), {}, {}, {}};
    if (auto refusal = co_await admission_.admit(*match.endpoint, exchange, Purpose::answer)) {
      co_return std::move(*refusal);
    }
    auto unread = co_await body.receive();
    net::Response response;
    if (unread) {
      response = std::move(*unread);
    } else {
      response = co_await perform(*match.endpoint, exchange);
    }
    co_await admission_.conclude(exchange, response);
    trace.take(exchange);
    co_return response;
  }

  asio::awaitable<net::Response> perform(const Endpoint& endpoint, Exchange& exchange) const {
    if (wants_once(endpoint, exchange.request)) return serve_once(services_.idempotent, endpoint, exchange);
    return serve_guarded(endpoint, exchange);
  }

  asio::awaitable<net::Upgrade> answer_upgrade(net::Request& request, Trace& trace) {
    auto match = router_.find("GET", request.path);
    if (match.endpoint == nullptr) co_return net::Upgrade{nullptr, unmatched(request, match.allowed)};
    if (!match.endpoint->socket) {  // it may be asked for, and need not be done (RFC 9110 section 7.8)
      NoBody none;
      net::Response response = co_await answer(request, none, trace);
      co_return net::Upgrade{nullptr, std::move(response)};
    }
    trace.route = match.endpoint->pattern;
    Exchange exchange{request, std::move(match.path), {}, {}, {}};
    trace.take(exchange);
    if (auto refusal = co_await admission_.admit(*match.endpoint, exchange, Purpose::socket)) {
      co_return net::Upgrade{nullptr, std::move(*refusal)};
    }
    net::Upgrade result = co_await upgrade_guarded(*match.endpoint, exchange);
    if (!result.handler) co_await admission_.conclude(exchange, result.refusal);
    co_return result;
  }

  static net::Response unmatched(const net::Request& request, const std::vector<std::string>& allowed) {
    if (allowed.empty()) {
      return net::problem(404, make_error("not_found", "there is nothing at " + request.path), request.id);
    }
    net::Response response =
        net::problem(405, make_error("method_not_allowed", request.method + " is not possible here"), request.id);
    response.set("Allow", join(allowed));
    return response;
  }

  static std::string join(const std::vector<std::string>& methods) {
    std::string out;
    for (const auto& method : methods) out += (out.empty() ? "" : ", ") + method + (method == "GET" ? ", HEAD" : "");
    return out;
  }

  static bool is_preflight(const net::Request& request) {
    return request.method == "OPTIONS" && !request.header("Access-Control-Request-Method").empty();
  }

  static net::Response preflight(const std::vector<std::string>& allowed) {
    net::Response response;
    response.status = 204;
    response.set("Access-Control-Allow-Methods", join(allowed));
    response.set("Access-Control-Allow-Headers",
                 "Authorization, Cache-Control, Content-Type, Idempotency-Key, X-Request-Id");
    response.set("Access-Control-Max-Age", "600");
    return response;
  }

  // The headers that every answer carries, and compression.
  void finish(const net::Request& request, net::Response& response) const {
    response.set("X-Request-Id", request.id);
    if (services_.settings.server.security_headers) {
      response.set("X-Content-Type-Options", "nosniff");
      response.set("X-Frame-Options", "DENY");
      response.set("Referrer-Policy", "no-referrer");
      if (net::find_header(response.headers, "Content-Security-Policy").empty()) {
        response.set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
      }
      if (!services_.settings.server.tls_certificate.empty()) {
        response.set("Strict-Transport-Security", "max-age=31536000");
      }
    }
    if (net::find_header(response.headers, "Cache-Control").empty()) response.set("Cache-Control", "no-store");
    allow_origin(request, response);
    if (response.body.size() > gzip_from_bytes && accepts_coding(request.header("Accept-Encoding"), "gzip") &&
        net::find_header(response.headers, "Content-Type").find("json") != std::string_view::npos) {
      response.body = net::gzip(response.body);
      response.set("Content-Encoding", "gzip");
      response.set("Vary", "Accept-Encoding");
    }
  }

  void allow_origin(const net::Request& request, net::Response& response) const {
    const std::string_view origin = request.header("Origin");
    if (origin.empty()) return;
    const auto& allowed = services_.settings.server.cors_origins;
    const bool any = std::find(allowed.begin(), allowed.end(), "*") != allowed.end();
    if (!any && std::find(allowed.begin(), allowed.end(), origin) == allowed.end()) return;
    response.set("Access-Control-Allow-Origin", any ? "*" : std::string(origin));
    response.set(
        "Access-Control-Expose-Headers",
        "X-Request-Id, Retry-After, ETag, Content-Range, Idempotent-Replayed, RateLimit-Limit, RateLimit-Remaining, "
        "RateLimit-Reset");
    response.set("Vary", "Origin, Accept-Encoding");
  }

  void account(const net::Request& request, const Trace& trace, int status, MonoTime::duration took) const {
    services_.metrics.http_requests(trace.route, known_method(request.method), status).add();
    services_.metrics.http_request_duration(trace.route).observe(took);
    const std::string path = loggable(request.path);
    const log::Fields fields = {{"requestId", request.id},
                                {"method", request.method},
                                {"path", path},  // never the query: it may carry a token
                                {"callId", trace.call_id},
                                {"status", status},
                                {"ms", std::chrono::duration<double, std::milli>(took).count()},
                                {"remote", request.client_address}};
    if (is_probe(trace.route)) {
      log::debug("request", fields);
    } else {
      log::info("request", fields);
    }
  }

  const Services services_;
  const Admission admission_{services_};
  Router router_;
};

}  // namespace

std::unique_ptr<Api> make_api(const Services& services) {
  return std::make_unique<Gate>(services);
}

}  // namespace trunkline::api
