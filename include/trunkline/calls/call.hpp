#pragma once

#include <trunkline/base/clock.hpp>
#include <trunkline/base/result.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace trunkline::calls {

/// Where a call stands. Everything from `ended` on is terminal.
enum class State : std::uint8_t {
  initiating,
  ringing,
  connecting,
  connected,
  reconnecting,
  ended,
  failed,
  busy,
  declined,
  missed,
  cancelled,
};

/// As stored and shown: `INITIATING`, `RINGING`, ...
std::string_view to_string(State state);
std::optional<State> parse_state(std::string_view text);
constexpr bool is_terminal(State state) {
  return state >= State::ended;
}

enum class Direction : std::uint8_t { inbound, outbound };
std::string_view to_string(Direction direction);
std::optional<Direction> parse_direction(std::string_view text);

/// Who says that a call is over. A provider's word refines a command's, and a command's refines our own conclusion
/// from lost media or a time-out; never the other way round. One exception: a call that we declined stays DECLINED
/// whatever failure the provider makes of it (Twilio reports `busy` or `no-answer` after `<Reject>`).
enum class Authority : std::uint8_t { gateway, command, provider };
std::string_view to_string(Authority authority);
std::optional<Authority> parse_authority(std::string_view text);

struct Participant {
  std::string id;  ///< `caller`, `callee`, or the provider's name for another
  std::string address;
  std::string role;  ///< `caller`, `callee` or `participant`
  std::optional<WallTime> joined_at;
  std::optional<WallTime> left_at;

  bool operator==(const Participant&) const = default;
};

/// A call as its events have made it: the result of folding apply() over them. Plain data.
struct Call {
  std::string id;
  std::string provider;  ///< `twilio`, `acs`, ...
  std::string provider_call_id;
  Direction direction = Direction::inbound;
  State state = State::initiating;
  std::string from;
  std::string to;
  WallTime created_at;  ///< of its first event (version 1): when it was first heard of, by our clock
  std::optional<WallTime> connected_at;
  std::optional<WallTime> ended_at;
  std::optional<std::int64_t> duration_s;  ///< the provider's figure when it gave one, else from the two times
  std::string end_reason;
  std::string route;
  std::vector<Participant> participants;
  std::map<std::string, std::string> metadata;  ///< of its arrival, and what else the provider calls it
  std::string node;                             ///< where its stream runs, also beyond its end; empty when none does
  std::int64_t version = 0;                     ///< number of events stored, repetitions not counted

  /// How the call ended by one event's account.
  struct End {
    Authority authority = Authority::gateway;
    State state = State::ended;
    WallTime at;
    std::string event_id;
    std::string reason;
  };

  /// What a call_received event says about the call, apart from who it is.
  struct Facts {
    WallTime at;
    std::string event_id;
    Direction direction = Direction::inbound;
    std::string from;
    std::string to;
    std::string route;
    std::map<std::string, std::string> metadata;
  };

  /// A stream that began or ended.
  struct Stream {
    WallTime at;
    std::string event_id;
    std::string id;
    std::string node;
  };

  /// Somebody in the provider's lists of who takes part.
  struct Member {
    std::string address;
    WallTime joined_at;          ///< of the earliest list that has him
    std::int64_t last_seen = 0;  ///< sequence of the last list that has him
  };

  /// What the events have said so far. Each member is a maximum, a minimum or a best by a total order, so that neither
  /// the order nor the number of times an event is folded matters; the fields above follow from these. Stored with the
  /// snapshot, not shown.
  struct Merge {
    State live = State::initiating;          ///< the furthest a live call is known to have come
    std::optional<WallTime> connected_at;    ///< earliest evidence of a connection
    std::optional<WallTime> lost_at;         ///< newest loss of media
    std::optional<WallTime> resumed_at;      ///< newest sign that media is back
    std::optional<std::int64_t> duration_s;  ///< the longest that the provider gave
    std::optional<Facts> facts;              ///< from the arrival that decided the route, else the earliest
    std::optional<End> end;
    std::optional<Stream> stream;              ///< the newest that began
    std::optional<Stream> stream_over;         ///< the newest that ended
    std::map<std::string, std::string> names;  ///< what else the provider calls it: `callConnectionId`, ...
    std::map<std::string, Member> members;     ///< by the provider's name for them
    std::map<std::int64_t, WallTime> rosters;  ///< the lists that were heard of, by sequence
  } merge;
};

}  // namespace trunkline::calls
