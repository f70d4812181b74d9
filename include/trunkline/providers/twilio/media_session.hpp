#pragma once

#include <trunkline/net/websocket.hpp>
#include <trunkline/net/worker.hpp>
#include <trunkline/providers/media_leg.hpp>

#include <memory>
#include <string>

namespace trunkline::providers::twilio {

/// The handler for one media socket of call `call_id` on `worker`: Twilio's wire format on one side, the call's media
/// leg on the other.
std::shared_ptr<net::WebSocketHandler> make_media_session(const MediaServices& services, net::Worker& worker,
                                                          std::string call_id, milliseconds idle_timeout);

}  // namespace trunkline::providers::twilio
