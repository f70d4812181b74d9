#include "app/cleanup_store.hpp"

namespace trunkline::app {
namespace {

using store::Sql;
using store::Value;

std::size_t change(Sql& sql, std::string_view statement, WallTime time, std::size_t limit) {
  return static_cast<std::size_t>(sql.execute(statement, {to_millis(time), static_cast<std::int64_t>(limit)}));
}

// Held from here on: no event comes in between.
bool hold(Sql& sql, const std::string& call_id) {
  return sql.execute("UPDATE calls SET touched_at = touched_at WHERE id = $1 AND terminal = 1", {call_id}) == 1;
}

bool is_needed(Sql& sql, const std::string& call_id) {
  return !sql.query(
                 "SELECT 1 WHERE EXISTS (SELECT 1 FROM call_recordings WHERE call_id = $1) "
                 "OR EXISTS (SELECT 1 FROM call_events e JOIN outbox o ON o.ordinal = e.ordinal WHERE e.call_id = $1) "
                 "OR EXISTS (SELECT 1 FROM call_events e JOIN event_log l ON l.ordinal = e.ordinal "
                 "WHERE e.call_id = $1 AND l.seq = (SELECT MAX(seq) FROM event_log))",
                 {call_id})
              .empty();
}

// The webhook endpoints, and Event Grid as one more, that have not been told all of a call.
struct Untold {
  std::int64_t all = 0;
  std::int64_t well = 0;  ///< of them those that have not failed for too long
};

Untold untold(Sql& sql, const std::string& call_id, const Patience& patience) {
  const auto last = sql.query(
      "SELECT COALESCE(MAX(l.seq), 0) FROM call_events e JOIN event_log l ON l.ordinal = e.ordinal "
      "WHERE e.call_id = $1",
      {call_id});
  const std::int64_t end = last.front().integer(0);
  const auto endpoints = sql.query(
      "SELECT COUNT(*), COUNT(CASE WHEN w.failing_since IS NULL OR w.failing_since > $3 THEN 1 END) "
      "FROM webhook_endpoints w WHERE w.state = 'enabled' AND (w.next_after < $2 OR EXISTS (SELECT 1 FROM "
      "webhook_deliveries d WHERE d.endpoint_id = w.id AND d.call_id = $1 AND d.settled_at IS NULL))",
      {call_id, end, to_millis(patience.failed_after)});
  Untold found{endpoints.front().integer(0), endpoints.front().integer(1)};
  const bool behind =
      patience.event_grid &&
      !sql.query("SELECT 1 FROM event_publishers WHERE name = 'event-grid' AND next_after < $1", {end}).empty();
  if (behind) {
    ++found.all;
    ++found.well;
  }
  return found;
}

}  // namespace

std::size_t let_participants_leave(Sql& sql, WallTime now, std::size_t limit) {
  return change(sql,
                "UPDATE call_participants SET updated_at = $1, "
                "left_at = (SELECT ended_at FROM calls WHERE calls.id = call_participants.call_id) "
                "WHERE (call_id, id) IN (SELECT p.call_id, p.id FROM call_participants p JOIN calls c "
                "ON c.id = p.call_id WHERE p.left_at IS NULL AND p.joined_at IS NOT NULL AND c.terminal = 1 "
                "AND c.ended_at IS NOT NULL LIMIT $2)",
                now, limit);
}

std::size_t remove_quality(Sql& sql, WallTime before, std::size_t limit) {
  return change(sql,
                "DELETE FROM call_quality_metrics WHERE (call_id, event_id, track) IN (SELECT call_id, event_id, track "
                "FROM call_quality_metrics WHERE recorded_at < $1 ORDER BY recorded_at LIMIT $2)",
                before, limit);
}

// A CROSS JOIN, because SQLite then begins with the tokens, of which there are few, and not with all calls that are
// over.
std::size_t remove_tokens(Sql& sql, WallTime before, std::size_t limit) {
  return change(sql,
                "DELETE FROM media_tokens WHERE token_sha256 IN (SELECT t.token_sha256 FROM media_tokens t "
                "CROSS JOIN calls c WHERE c.id = t.call_id AND c.terminal = 1 AND c.ended_at < $1 LIMIT $2)",
                before, limit);
}

std::size_t remove_nodes(Sql& sql, WallTime before, std::size_t limit) {
  return change(sql, "DELETE FROM nodes WHERE id IN (SELECT id FROM nodes WHERE gone_at < $1 LIMIT $2)", before, limit);
}

std::size_t remove_leases(Sql& sql, WallTime before, std::size_t limit) {
  return change(sql, "DELETE FROM leases WHERE name IN (SELECT name FROM leases WHERE expires_at < $1 LIMIT $2)",
                before, limit);
}

std::vector<Orphan> find_orphans(Sql& sql, WallTime before, std::size_t limit) {
  std::vector<Orphan> orphans;
  for (const auto& row :
       sql.query("SELECT r.id, r.call_id, r.node FROM call_recordings r JOIN calls c ON c.id = r.call_id "
                 "LEFT JOIN nodes n ON n.id = r.node WHERE r.state = 'recording' AND r.node <> '' AND r.source = "
                 "'gateway' AND c.terminal = 1 "
                 "AND c.ended_at < $1 AND (n.id IS NULL OR n.gone_at < $1) ORDER BY r.node, r.started_at LIMIT $2",
                 {to_millis(before), static_cast<std::int64_t>(limit)})) {
    orphans.push_back({row.text(0), row.text(1), row.text(2)});
  }
  return orphans;
}

std::vector<EndedCall> find_ended(Sql& sql, const EndedCall& after, WallTime before, std::size_t limit) {
  std::vector<EndedCall> ended;
  for (const auto& row :
       sql.query("SELECT ended_at, id FROM calls WHERE terminal = 1 AND ended_at < $1 AND (ended_at, id) > ($2, $3) "
                 "ORDER BY ended_at, id LIMIT $4",
                 {to_millis(before), after.ended_at, after.id, static_cast<std::int64_t>(limit)})) {
    ended.push_back({row.integer(0), row.text(1)});
  }
  return ended;
}

Removal remove_call(Sql& sql, const EndedCall& call, const Patience& patience) {
  const std::string& call_id = call.id;
  if (!hold(sql, call_id) || is_needed(sql, call_id)) return Removal::stays;
  const Untold who = untold(sql, call_id, patience);
  if (who.well > 0 && call.ended_at > to_millis(patience.ended_after)) return Removal::stays;
  for (const std::string_view statement :
       {"DELETE FROM event_log WHERE ordinal IN (SELECT ordinal FROM call_events WHERE call_id = $1)",
        "DELETE FROM call_events WHERE call_id = $1", "DELETE FROM transcript_segments WHERE call_id = $1",
        "DELETE FROM call_participants WHERE call_id = $1", "DELETE FROM call_quality_metrics WHERE call_id = $1",
        "DELETE FROM call_invitations WHERE call_id = $1", "DELETE FROM media_tokens WHERE call_id = $1",
        "DELETE FROM call_names WHERE call_id = $1", "DELETE FROM calls WHERE id = $1"}) {
    sql.post(statement, {call_id});
  }
  return who.all > 0 ? Removal::given_up : Removal::removed;
}

}  // namespace trunkline::app
