#pragma once

#include <trunkline/calls/call.hpp>
#include <trunkline/net/websocket.hpp>
#include <trunkline/net/worker.hpp>
#include <trunkline/providers/media_leg.hpp>

#include <memory>
#include <string>

/// The sockets that Azure Communication Services opens for a call, once it has proven itself.
namespace trunkline::providers::acs {

struct MediaSessionOptions {
  std::string token;  ///< the call's media token
  bool unmixed;       ///< each participant has a track; else all are one
  milliseconds idle_timeout;
};

/// A media socket: the wire format on one side, the call's media leg on the other. The service opens another one when
/// this breaks, so that the call goes on without it.
std::shared_ptr<net::WebSocketHandler> make_media_session(const MediaServices& services, net::Worker& worker,
                                                          const calls::Call& call, MediaSessionOptions options);

/// A transcription socket: the service's own transcript becomes the call's, segment by segment.
std::shared_ptr<net::WebSocketHandler> make_transcription_session(const MediaServices& services, std::string call_id);

}  // namespace trunkline::providers::acs
