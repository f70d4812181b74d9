#pragma once

#include <trunkline/calls/provider.hpp>
#include <trunkline/config/settings.hpp>

#include <memory>

namespace trunkline::providers::twilio {

/// Twilio's REST API, as far as calls need it. `settings` outlives it.
std::unique_ptr<calls::Provider> make_rest_client(const config::Twilio& settings);

}  // namespace trunkline::providers::twilio
