#pragma once

#include "api/router.hpp"

#include <trunkline/api/api.hpp>

namespace trunkline::api {

// One function a group of routes, each in a source of its own. `services` outlives the router.
void add_health_endpoints(Router& router, const Services& services);
void add_call_endpoints(Router& router, const Services& services);
void add_recording_endpoints(Router& router, const Services& services);
void add_live_endpoints(Router& router, const Services& services);
void add_provider_endpoints(Router& router, const Services& services);
void add_webhook_figures_endpoints(Router& router, const Services& services);
void add_system_endpoints(Router& router, const Services& services);
void add_webhook_endpoints(Router& router, const Services& services);

/// The call that the path names, for those who look at it: it may be a moment old, unless the request says
/// `Cache-Control: no-cache`.
asio::awaitable<Result<calls::CallCache::Found>> shown_call(const Services& services, const Exchange& exchange);

}  // namespace trunkline::api
