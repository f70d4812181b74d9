#include "call_queries.hpp"

#include "call_log.hpp"
#include "reaper.hpp"

#include <algorithm>

namespace trunkline::calls {
namespace {

using store::Value;

constexpr std::size_t max_events = 1000;
constexpr std::int64_t max_quiet_calls = 500;
constexpr std::int64_t max_lost_calls = 50;

// As read_events() reads them. An event that has no place in the log yet has the place 0.
const std::string event_columns =
    "SELECT COALESCE(l.seq, 0), e.id, e.call_id, e.version, e.type, e.at, e.state, e.data ";

std::optional<Call> first_call(const std::vector<store::Row>& snapshots) {
  if (snapshots.empty()) return std::nullopt;
  return read_snapshot(snapshots.front().text(0));
}

std::vector<Event> read_events(const std::vector<store::Row>& rows) {
  std::vector<Event> events;
  events.reserve(rows.size());
  for (const store::Row& row : rows) {
    const auto type = parse_event_type(row.text(4));
    const auto state = parse_state(row.text(6));
    if (!type || !state) throw store::SqlFailure(store::SqlFailure::Kind::damaged, "event " + row.text(1));
    events.push_back({row.text(1), row.text(2), *type, from_millis(row.integer(5)), row.text(7), row.integer(0),
                      row.integer(3), *state});
  }
  return events;
}

Value bounded(std::size_t limit) {
  return static_cast<std::int64_t>(std::clamp<std::size_t>(limit, 1, max_events));
}

}  // namespace

std::optional<Call> find_call(store::Sql& sql, const std::string& call_id) {
  return first_call(sql.query("SELECT snapshot FROM calls WHERE id = $1", {call_id}));
}

std::optional<Call> find_call(store::Sql& sql, const std::string& provider, const std::string& provider_call_id) {
  return first_call(sql.query("SELECT snapshot FROM calls WHERE provider = $1 AND provider_call_id = $2",
                              {provider, provider_call_id}));
}

std::optional<Call> find_named_call(store::Sql& sql, const std::string& provider, const std::string& kind,
                                    const std::string& name) {
  return first_call(
      sql.query("SELECT calls.snapshot FROM call_names JOIN calls ON calls.id = call_names.call_id "
                "WHERE call_names.provider = $1 AND call_names.kind = $2 AND call_names.name = $3",
                {provider, kind, name}));
}

CallStats count_calls(store::Sql& sql) {
  CallStats stats;
  std::int64_t seconds = 0;
  for (const store::Row& row : sql.query(count_calls_query)) {
    const std::int64_t count = row.integer(3);
    const bool completed = row.text(0) == to_string(State::ended);
    stats.total += count;
    stats.by_state[row.text(0)] += count;
    stats.by_provider[row.text(1)] += count;
    (completed ? stats.completed : row.integer(2) != 0 ? stats.failed : stats.active) += count;
    if (completed) seconds += row.integer(4);
  }
  if (stats.completed > 0)
    stats.average_duration_s = static_cast<double>(seconds) / static_cast<double>(stats.completed);
  return stats;
}

std::vector<Event> find_events(store::Sql& sql, const std::string& call_id, std::int64_t after_version,
                               std::size_t limit) {
  return read_events(sql.query(event_columns + "FROM call_events e LEFT JOIN event_log l ON l.ordinal = e.ordinal "
                                               "WHERE e.call_id = $1 AND e.version > $2 ORDER BY e.version LIMIT $3",
                               {call_id, after_version, bounded(limit)}));
}

std::vector<Event> find_events_after(store::Sql& sql, std::int64_t seq, std::size_t limit) {
  return read_events(sql.query(event_columns + "FROM event_log l JOIN call_events e ON e.ordinal = l.ordinal "
                                               "WHERE l.seq > $1 ORDER BY l.seq LIMIT $2",
                               {seq, bounded(limit)}));
}

// By version, for which there is an index: it orders a call's events as their places in the log do.
std::vector<Event> find_events_of_after(store::Sql& sql, const std::string& call_id, std::int64_t seq,
                                        std::size_t limit) {
  return read_events(sql.query(event_columns + "FROM call_events e JOIN event_log l ON l.ordinal = e.ordinal "
                                               "WHERE e.call_id = $1 AND l.seq > $2 ORDER BY e.version LIMIT $3",
                               {call_id, seq, bounded(limit)}));
}

std::optional<Event> find_event(store::Sql& sql, const std::string& event_id) {
  auto events = read_events(sql.query(
      event_columns + "FROM call_events e LEFT JOIN event_log l ON l.ordinal = e.ordinal WHERE e.id = $1", {event_id}));
  if (events.empty()) return std::nullopt;
  return std::move(events.front());
}

std::vector<std::string> find_calls_on(store::Sql& sql, const std::string& node) {
  std::vector<std::string> ids;
  const auto rows =
      sql.query("SELECT id FROM calls WHERE node = $1 AND terminal = 0 AND state = 'CONNECTED' ORDER BY id LIMIT $2",
                {node, max_lost_calls});
  ids.reserve(rows.size());
  for (const store::Row& row : rows) ids.push_back(row.text(0));
  return ids;
}

std::vector<QuietCall> find_quiet_calls(store::Sql& sql, const config::Calls& limits, WallTime now) {
  const auto ringing = patience_with(State::ringing, limits);
  const auto connecting = patience_with(State::connecting, limits);
  const auto connected = patience_with(State::connected, limits) / 2;
  const auto rows = sql.query(
      "SELECT snapshot, touched_at FROM calls WHERE terminal = 0 AND ("
      "(state = 'RINGING' AND touched_at <= $1) OR "
      "(state IN ('INITIATING', 'CONNECTING') AND touched_at <= $2) OR "
      "(state IN ('CONNECTED', 'RECONNECTING') AND touched_at <= $3) OR created_at <= $4) "
      "ORDER BY touched_at LIMIT $5",
      {to_millis(now - ringing), to_millis(now - connecting), to_millis(now - connected),
       to_millis(now - limits.max_duration), max_quiet_calls});
  std::vector<QuietCall> calls;
  calls.reserve(rows.size());
  for (const store::Row& row : rows) calls.push_back({read_snapshot(row.text(0)), from_millis(row.integer(1))});
  return calls;
}

}  // namespace trunkline::calls
