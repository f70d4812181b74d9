// What became of providers' webhooks, in figures.

#include "api/endpoints.hpp"

#include <trunkline/base/text.hpp>

#include <nlohmann/json.hpp>

#include <cmath>

namespace trunkline::api {
namespace {

using nlohmann::ordered_json;

double to_microsecond(double ms) {
  return std::round(ms * 1'000) / 1'000;
}

ordered_json times_json(const observe::LatencyFigures& figures) {
  const auto now = figures.snapshot();
  if (now.count == 0) return nullptr;
  return {{"count", now.count},
          {"average", to_microsecond(now.average_ms)},
          {"p50", to_microsecond(now.p50_ms)},
          {"p95", to_microsecond(now.p95_ms)},
          {"p99", to_microsecond(now.p99_ms)},
          {"max", to_microsecond(now.max_ms)}};
}

ordered_json kind_json(const observe::WebhookKind& kind) {
  const std::int64_t last_at = kind.last_at;
  return {{"provider", kind.provider},
          {"type", kind.type},
          {"received", kind.received()},
          {"accepted", kind.accepted.load()},
          {"refused", kind.refused.load()},
          {"forged", kind.forged.load()},
          {"failed", kind.failed.load()},
          {"duplicates", kind.duplicates.load()},
          {"retries", kind.retries.load()},
          {"givenUp", kind.given_up.load()},
          {"lastReceivedAt", last_at == 0 ? ordered_json() : ordered_json(text::to_rfc3339(from_millis(last_at)))},
          {"latencyMs", times_json(kind.latency)},
          {"lagMs", times_json(kind.lag)}};
}

asio::awaitable<net::Response> webhook_figures(const Services& services, Exchange& /*exchange*/) {
  ordered_json list = ordered_json::array();
  for (const observe::WebhookKind* kind : services.webhook_figures.kinds()) list.push_back(kind_json(*kind));
  const ordered_json body = {{"since", text::to_rfc3339(services.webhook_figures.since())},
                             {"webhooks", std::move(list)}};
  co_return json_response(body);
}

}  // namespace

void add_webhook_figures_endpoints(Router& router, const Services& services) {
  router.add({"GET",
              "/webhooks/metrics",
              Access::token,
              auth::Permission::system_write,  // what admins alone have
              [&services](Exchange& exchange) { return webhook_figures(services, exchange); },
              {}});
}

}  // namespace trunkline::api
