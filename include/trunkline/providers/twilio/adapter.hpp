#pragma once

#include <trunkline/config/settings.hpp>
#include <trunkline/providers/adapter.hpp>
#include <trunkline/providers/reception.hpp>

#include <memory>

namespace trunkline::providers::twilio {

/// Twilio: webhooks with TwiML as their answer, media streams, and its REST API for commands. `settings` outlives it.
std::unique_ptr<Adapter> make_adapter(const config::Twilio& settings, const Services& services);

}  // namespace trunkline::providers::twilio
