#include "events/webhook_again.hpp"

#include "events/webhook_rows.hpp"

#include <set>

namespace trunkline::events::webhooks {

using store::Sql;

Part revive_dead(Sql& sql, const std::string& endpoint_id, std::int64_t after, WallTime now) {
  Part part{0, after, false};
  std::set<std::string> queues;
  for (const auto& row : sql.query("SELECT seq, call_id FROM webhook_deliveries WHERE endpoint_id = $1 AND "
                                   "state = 'dead' AND seq > $2 ORDER BY seq LIMIT $3",
                                   {endpoint_id, after, max_part})) {
    part.reached = row.integer(0);
    queues.insert(row.text(1));
  }
  part.revived = sql.execute(
      "UPDATE webhook_deliveries SET state = 'waiting', attempts = 0, due_at = $2, next_attempt_at = $2, "
      "settled_at = NULL WHERE endpoint_id = $1 AND state = 'dead' AND seq > $3 AND seq <= $4",
      {endpoint_id, to_millis(now), after, part.reached});
  for (const auto& queue : queues) put_first(sql, endpoint_id, queue);
  part.more = part.revived == max_part;
  return part;
}

void send_back(Sql& sql, const std::string& endpoint_id, std::int64_t seq) {
  sql.post("UPDATE webhook_endpoints SET next_after = $2 WHERE id = $1 AND next_after > $2", {endpoint_id, seq});
}

// The log is in the order of being stored, but for what nodes stored at the same moment. It has gaps.
std::int64_t place_at(Sql& sql, WallTime time) {
  std::int64_t low = 0;
  std::int64_t high = sql.query("SELECT COALESCE(MAX(seq), 0) FROM event_log").front().integer(0);
  while (low < high) {
    const std::int64_t middle = low + (high - low) / 2;
    const auto next = sql.query(
        "SELECT l.seq, e.stored_at FROM event_log l JOIN call_events e ON e.ordinal = l.ordinal "
        "WHERE l.seq > $1 ORDER BY l.seq LIMIT 1",
        {middle});
    const bool before = !next.empty() && next.front().integer(1) < to_millis(time);
    if (before) {
      low = next.front().integer(0);
    } else {
      high = middle;
    }
  }
  return low;
}

}  // namespace trunkline::events::webhooks
