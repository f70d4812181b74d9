// Liveness, readiness and metrics, under the names that every kind of operator looks for.

#include "api/endpoints.hpp"

#include <trunkline/base/text.hpp>

#include <nlohmann/json.hpp>

namespace trunkline::api {
namespace {

using nlohmann::ordered_json;

Handler reply_of(observe::HealthReply (observe::Health::*answer)() const, const Services& services) {
  return [answer, &services](Exchange&) -> asio::awaitable<net::Response> {
    const auto reply = (services.health.*answer)();
    co_return json_response(reply.body, reply.status);
  };
}

/// Calls in figures, as JSON, for those who do not speak Prometheus.
asio::awaitable<net::Response> call_figures(const Services& services, Exchange& exchange) {
  const auto stats = co_await services.calls.stats();
  if (!stats) co_return exchange.fail(stats.error());
  const std::int64_t over = stats->completed + stats->failed;
  const double success = over == 0 ? 100.0 : 100.0 * static_cast<double>(stats->completed) / static_cast<double>(over);
  co_return json_response(
      ordered_json{{"calls",
                    {{"total", stats->total},
                     {"active", stats->active},
                     {"completed", stats->completed},
                     {"failed", stats->failed}}},
                   {"livekit", {{"activeRooms", 0}}},
                   {"media", {{"activeStreams", services.streams.size()}}},
                   {"performance", {{"successRate", success}, {"averageDurationSeconds", stats->average_duration_s}}},
                   {"timestamp", text::to_rfc3339(services.clock.wall())}});
}

}  // namespace

void add_health_endpoints(Router& router, const Services& services) {
  const auto open = [&](std::string pattern, observe::HealthReply (observe::Health::*answer)() const) {
    router.add({"GET", std::move(pattern), Access::open, {}, reply_of(answer, services), {}});
  };
  open("/health", &observe::Health::health);
  open("/api/health", &observe::Health::health);
  open("/livez", &observe::Health::livez);
  open("/readyz", &observe::Health::readyz);
  open("/api/ready", &observe::Health::readyz);
  open("/api/health/detailed", &observe::Health::detailed);

  const auto figures = [&services](Exchange& exchange) { return call_figures(services, exchange); };
  for (const char* pattern : {"/api/metrics", "/monitoring/metrics"}) {
    router.add({"GET", pattern, Access::operators, auth::Permission::system_read, figures, {}});
  }
  router.add({"GET",
              "/metrics",
              Access::operators,
              auth::Permission::system_read,
              [&services](Exchange&) -> asio::awaitable<net::Response> {
                co_return text_response(observe::Metrics::content_type, services.metrics.render());
              },
              {}});
}

}  // namespace trunkline::api
