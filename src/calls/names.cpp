#include <trunkline/calls/call.hpp>
#include <trunkline/calls/event.hpp>

#include <array>
#include <cstddef>

namespace trunkline::calls {
namespace {

// Each table is in the order of its enum, from 0.
constexpr std::array<std::string_view, 11> states = {"INITIATING",   "RINGING", "CONNECTING", "CONNECTED",
                                                     "RECONNECTING", "ENDED",   "FAILED",     "BUSY",
                                                     "DECLINED",     "MISSED",  "CANCELLED"};
constexpr std::array<std::string_view, 2> directions = {"inbound", "outbound"};
constexpr std::array<std::string_view, 3> authorities = {"gateway", "command", "provider"};
constexpr std::array<std::string_view, 25> event_types = {
    "call.received",       "call.status",         "call.closed",          "call.reconnecting",  "call.reconnected",
    "media.started",       "media.ended",         "participants.changed", "track.started",      "provider.event",
    "media.trouble",       "dtmf.received",       "transcript.segment",   "transcript.trouble", "transcript.ended",
    "recording.started",   "recording.completed", "recording.failed",     "recording.stopped",  "operation.started",
    "operation.completed", "operation.failed",    "operation.cancelled",  "quality.alert",      "quality.summary"};

template <class Enum>
constexpr std::size_t index_of(Enum value) {
  return static_cast<std::size_t>(value);
}

static_assert(index_of(State::cancelled) + 1 == states.size());
static_assert(index_of(EventType::quality_summary) + 1 == event_types.size());

template <class Enum, class Names>
std::optional<Enum> parse(const Names& names, std::string_view text) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == text) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

}  // namespace

std::string_view to_string(State state) {
  return states.at(index_of(state));
}
std::optional<State> parse_state(std::string_view text) {
  return parse<State>(states, text);
}

std::string_view to_string(Direction direction) {
  return directions.at(index_of(direction));
}
std::optional<Direction> parse_direction(std::string_view text) {
  return parse<Direction>(directions, text);
}

std::string_view to_string(Authority authority) {
  return authorities.at(index_of(authority));
}
std::optional<Authority> parse_authority(std::string_view text) {
  return parse<Authority>(authorities, text);
}

std::string_view to_string(EventType type) {
  return event_types.at(index_of(type));
}
std::optional<EventType> parse_event_type(std::string_view text) {
  return parse<EventType>(event_types, text);
}
std::span<const std::string_view> event_type_names() {
  return event_types;
}

}  // namespace trunkline::calls
