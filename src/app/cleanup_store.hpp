#pragma once

#include <trunkline/base/clock.hpp>
#include <trunkline/store/sql.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

// What Cleanup does, as SQL. Each does at most `limit` of it and says how many rows that were; done twice at once, by
// two nodes, it does no harm.
namespace trunkline::app {

/// Who took part in a call that is over left it at its end, where nothing else is known.
std::size_t let_participants_leave(store::Sql& sql, WallTime now, std::size_t limit);
std::size_t remove_quality(store::Sql& sql, WallTime before, std::size_t limit);
/// Media tokens of calls that ended before.
std::size_t remove_tokens(store::Sql& sql, WallTime before, std::size_t limit);
/// Nodes that have been gone since before.
std::size_t remove_nodes(store::Sql& sql, WallTime before, std::size_t limit);
/// Leases that ran out before.
std::size_t remove_leases(store::Sql& sql, WallTime before, std::size_t limit);

struct Orphan {
  std::string recording_id;
  std::string call_id;
  std::string node;
};
/// Recordings that are still running although their calls ended before, and their nodes have been gone since before.
std::vector<Orphan> find_orphans(store::Sql& sql, WallTime before, std::size_t limit);

/// A place in the order in which calls ended.
struct EndedCall {
  std::int64_t ended_at = 0;
  std::string id;
};
/// Calls that ended before, the oldest first, from a place on.
std::vector<EndedCall> find_ended(store::Sql& sql, const EndedCall& after, WallTime before, std::size_t limit);
/// For whom calls that are old enough are kept all the same, and for how long.
struct Patience {
  WallTime ended_after;   ///< only for calls that ended later
  WallTime failed_after;  ///< only for webhook endpoints that do not fail since before
  bool event_grid = false;
};
enum class Removal : std::uint8_t {
  stays,  ///< it has recordings, an event of it has no place in the log yet or is the log's newest, from which the
          ///< next ones count on, or somebody for whom `Patience` waits has not been told all of it
  removed,
  given_up,  ///< removed, although somebody has not been told all of it
};
/// Removes a call with all that belongs to it but its recordings.
Removal remove_call(store::Sql& sql, const EndedCall& call, const Patience& patience);

}  // namespace trunkline::app
