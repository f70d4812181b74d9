#pragma once

#include <trunkline/calls/call.hpp>
#include <trunkline/config/settings.hpp>

#include <optional>
#include <string_view>

namespace trunkline::calls {

/// How the gateway closes a call of which nothing more is to be expected.
struct Closing {
  State state;
  std::string_view reason;
};

/// The longest that a call may stay in a live state without any event.
std::chrono::seconds patience_with(State state, const config::Calls& limits);

/// How to close a call that has been left in a live state for longer than that.
Closing closing_of(State state);

/// How to close a call whatever goes on in it, once it is older than `limits.max_duration`.
constexpr Closing too_long = {State::ended, "max-duration"};

/// Decides about one live call. `touched_at` is when its last event was stored.
std::optional<Closing> overdue(const Call& call, WallTime touched_at, bool has_media, const config::Calls& limits,
                               WallTime now);

}  // namespace trunkline::calls
