#pragma once

#include <trunkline/calls/call_service.hpp>
#include <trunkline/store/sql.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

// What CallService is asked, as SQL. Lists come with the newest first.
namespace trunkline::calls {

std::optional<Call> find_call(store::Sql& sql, const std::string& call_id);
std::optional<Call> find_call(store::Sql& sql, const std::string& provider, const std::string& provider_call_id);
/// By another name that the provider gave it.
std::optional<Call> find_named_call(store::Sql& sql, const std::string& provider, const std::string& kind,
                                    const std::string& name);

/// Error `invalid_cursor`.
Result<Page<Call>> list_calls(store::Sql& sql, const CallFilter& filter);

CallStats count_calls(store::Sql& sql);
/// Its statement: the database does the counting. Of the calls that are over it reads the index calls_in_figures alone.
inline constexpr std::string_view count_calls_query =
    "SELECT outcome, provider, 1, COUNT(*), CAST(COALESCE(SUM(duration_s), 0) AS BIGINT) FROM calls "
    "WHERE terminal = 1 GROUP BY outcome, provider "
    "UNION ALL SELECT state, provider, 0, COUNT(*), 0 FROM calls WHERE terminal = 0 GROUP BY state, provider";

std::vector<Event> find_events(store::Sql& sql, const std::string& call_id, std::int64_t after_version,
                               std::size_t limit);
std::vector<Event> find_events_after(store::Sql& sql, std::int64_t seq, std::size_t limit);
std::vector<Event> find_events_of_after(store::Sql& sql, const std::string& call_id, std::int64_t seq,
                                        std::size_t limit);
std::optional<Event> find_event(store::Sql& sql, const std::string& event_id);

struct QuietCall {
  Call call;
  WallTime touched_at;
};

/// Calls that are connected by a stream on that node, at most 50, in the order of their ids: that of locking.
std::vector<std::string> find_calls_on(store::Sql& sql, const std::string& node);

/// Live calls that the reaper should look at, the longest quiet first, at most 500. Connected ones come from half of
/// their patience on, so that the node with their media can say in time that they live.
std::vector<QuietCall> find_quiet_calls(store::Sql& sql, const config::Calls& limits, WallTime now);

}  // namespace trunkline::calls
