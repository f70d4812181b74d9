#pragma once

#include <trunkline/base/clock.hpp>

#include <cstdint>
#include <optional>
#include <string>

// What to send next, what an answer means, when to try again: without a socket, a database or a clock of its own.
namespace trunkline::events::webhooks {

/// How an endpoint has been doing. Plain data, kept in the endpoint's row, so that it outlives the node that sends.
struct Health {
  std::int64_t failures = 0;              ///< in a row, whatever was sent
  std::optional<WallTime> failing_since;  ///< the first of them
  WallTime probe_at;                      ///< of a paused endpoint: when the next probe may go
  WallTime hold_until;                    ///< nothing goes before: the receiver said so (Retry-After)

  bool paused() const;
};

/// How much may be sent now.
struct Allowance {
  std::size_t count = 0;
  bool probe = false;  ///< one delivery, the one that is due first, also before its time
};

/// `in_flight` are under way, of which there may be `limit`.
Allowance allowance(const Health& health, std::size_t in_flight, std::size_t limit, WallTime now);

/// When allowance() may give more than it does now, if time alone brings that.
std::optional<WallTime> opens_at(const Health& health, WallTime now);

/// What a delivery is about to be sent with.
struct Plan {
  std::int64_t attempts = 0;  ///< made so far that count
  WallTime due;               ///< its own time
  bool test = false;          ///< is tried once
};

/// What came of it.
struct Answer {
  int status = 0;     ///< 0: none
  bool moot = false;  ///< there is nothing to send any more
  std::string error;
  std::optional<milliseconds> retry_after;
  WallTime sent_at;
};

enum class Fate : std::uint8_t { delivered, again, dead };

/// What to make of an answer.
struct Judgement {
  Fate fate = Fate::again;
  std::int64_t attempts = 0;
  WallTime next_attempt;                    ///< of Fate::again
  bool gone = false;                        ///< 410: the endpoint wants nothing more
  bool paused = false;                      ///< the endpoint is, since this answer
  std::optional<WallTime> recovered_since;  ///< after an outage: what failed from then on may go now
};

/// Changes `health`. `jitter`, from 0 to 1, spreads what would come together.
Judgement judge(Health& health, const Plan& plan, const Answer& answer, WallTime now, double jitter);

/// The header's value in either form (RFC 9110 section 10.2.3), as a time from now; nothing when it is neither.
std::optional<milliseconds> read_retry_after(std::string_view value, WallTime now);

}  // namespace trunkline::events::webhooks
