#pragma once

#include <trunkline/base/result.hpp>
#include <trunkline/calls/call_service.hpp>
#include <trunkline/config/settings.hpp>
#include <trunkline/media/stream_commands.hpp>
#include <trunkline/observe/health.hpp>
#include <trunkline/providers/media_leg.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace trunkline::providers {

/// How many calls one telephone number may place.
class CallerLimit {
 public:
  virtual ~CallerLimit() = default;
  virtual asio::awaitable<bool> admits(std::string number) = 0;
};

/// What every adapter uses of the process. References outlive the adapters.
struct Services {
  const config::Server& server;
  const config::Calls& limits;
  MediaServices media;
  media::StreamCommands& commands;
  observe::Health& health;
  CallerLimit& callers;
};

/// The door through which the calls and streams of all providers come. Any worker.
class Reception {
 public:
  explicit Reception(const Services& services) : services_(services) {}

  /// A new call: gets its route and what `render` makes of it. One too many, by what the node can carry or by what its
  /// caller may, is not taken, nor one that comes while the node drains: error `no_new_calls`. A call that is known
  /// gets its stored answer all the same.
  asio::awaitable<Result<calls::StoredAnswer>> arrive(calls::Arrival arrival, calls::CallService::Render render) const;

  /// A callback. A call that it ends loses its stream, wherever that runs.
  asio::awaitable<Result<calls::Updated>> update(calls::StatusUpdate update, std::optional<calls::State> state) const;

  /// The running call that a media socket is for. Errors: `too_many_streams`, `call_not_found`, `call_over`.
  asio::awaitable<Result<calls::Call>> call_of_stream(std::string call_id) const;

  /// Where the call's media is to come: `wss://gateway/media/<provider>/<callId>`. A place is kept for it.
  std::string media_url(const calls::CallService::Admission& admission) const;

 private:
  const Services services_;
};

/// `http` becomes `ws`, `https` becomes `wss`.
std::string websocket_url(std::string_view url);

}  // namespace trunkline::providers
