#include "reaper.hpp"

namespace trunkline::calls {

std::chrono::seconds patience_with(State state, const config::Calls& limits) {
  switch (state) {
    case State::ringing:
      return limits.ringing_timeout;
    case State::connected:
    case State::reconnecting:
      return limits.connected_timeout;
    default:
      return limits.connecting_timeout;
  }
}

Closing closing_of(State state) {
  switch (state) {
    case State::initiating:
      return {State::failed, "timeout-initiating"};
    case State::ringing:
      return {State::missed, "timeout-ringing"};
    case State::connecting:
      return {State::failed, "timeout-connecting"};
    default:
      return {State::ended, "timeout-no-media"};
  }
}

std::optional<Closing> overdue(const Call& call, WallTime touched_at, bool has_media, const config::Calls& limits,
                               WallTime now) {
  if (is_terminal(call.state)) return std::nullopt;
  if (now - call.created_at >= limits.max_duration) return too_long;
  if (has_media || now - touched_at < patience_with(call.state, limits)) return std::nullopt;
  return closing_of(call.state);
}

}  // namespace trunkline::calls
