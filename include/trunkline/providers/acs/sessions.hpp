#pragma once

#include <trunkline/calls/call.hpp>
#include <trunkline/net/websocket.hpp>
#include <trunkline/net/worker.hpp>
#include <trunkline/providers/media_leg.hpp>

#include <memory>
#include <string>

/// The sockets that Azure Communication Services opens for a call, once it has proven itself.
namespace trunkline::providers::acs {

/// A media socket: the wire format on one side, the call's media leg on the other. The service opens another one when
/// this breaks, so that the call goes on without it. `token` is the call's media token.
std::shared_ptr<net::WebSocketHandler> make_media_session(const MediaServices& services, net::Worker& worker,
                                                          const calls::Call& call, std::string token,
                                                          milliseconds idle_timeout);

/// A transcription socket: the service's own transcript becomes the call's, segment by segment.
std::shared_ptr<net::WebSocketHandler> make_transcription_session(const MediaServices& services, std::string call_id);

}  // namespace trunkline::providers::acs
