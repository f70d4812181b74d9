#pragma once

#include <trunkline/api/idempotent_requests.hpp>
#include <trunkline/api/rate_limits.hpp>
#include <trunkline/auth/authenticator.hpp>
#include <trunkline/base/clock.hpp>
#include <trunkline/base/ids.hpp>
#include <trunkline/calls/call_service.hpp>
#include <trunkline/calls/providers.hpp>
#include <trunkline/calls/shown_calls.hpp>
#include <trunkline/config/settings.hpp>
#include <trunkline/events/event_hub.hpp>
#include <trunkline/events/webhooks.hpp>
#include <trunkline/media/active_streams.hpp>
#include <trunkline/media/stream_commands.hpp>
#include <trunkline/net/http.hpp>
#include <trunkline/observe/health.hpp>
#include <trunkline/observe/metrics.hpp>
#include <trunkline/observe/webhook_figures.hpp>
#include <trunkline/providers/adapter.hpp>
#include <trunkline/recording/library.hpp>
#include <trunkline/store/sql.hpp>

#include <memory>
#include <string>
#include <vector>

namespace trunkline::api {

/// What the handlers call. References outlive the API.
struct Services {
  const config::Settings& settings;
  calls::CallService& calls;
  calls::ShownCalls& shown_calls;
  const calls::Providers& providers;
  recording::Library& recordings;
  store::Database& database;
  media::ActiveStreams& streams;
  media::StreamCommands& commands;
  events::EventHub& events;
  auth::Authenticator& authenticator;
  observe::Metrics& metrics;
  observe::Health& health;
  const Clock& clock;
  IdempotentRequests& idempotent;
  RateLimits& limits;
  observe::WebhookFigures& webhook_figures;
  events::webhooks::Registry& webhooks;
  std::vector<providers::Adapter*> adapters;
};

/// One route as it is served, for the check against the OpenAPI document.
struct RouteInfo {
  std::string method;   ///< `GET` also for WebSockets
  std::string pattern;  ///< `/api/v1/calls/{callId}`
};

/// All HTTP and WebSocket routes: finds the route, admits the caller, calls the handler, renders errors.
class Api : public net::HttpService {
 public:
  virtual std::vector<RouteInfo> routes() const = 0;
};
std::unique_ptr<Api> make_api(const Services& services);

}  // namespace trunkline::api
