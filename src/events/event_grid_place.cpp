#include "events/event_grid_place.hpp"

namespace trunkline::events::grid {

std::optional<std::int64_t> claim(store::Sql& sql, const std::string& node_id, milliseconds time) {
  sql.post(
      "INSERT INTO event_publishers (name, next_after) SELECT 'event-grid', COALESCE(MAX(seq), 0) FROM event_log "
      "WHERE 1 = 1 ON CONFLICT (name) DO NOTHING");  // SQLite wants a WHERE before ON CONFLICT
  const std::string now(sql.clock());
  const auto rows = sql.query("UPDATE event_publishers SET claimed_by = $1, claimed_until = " + now +
                                  " + $2 WHERE name = 'event-grid' AND (claimed_by = $1 OR claimed_until < " + now +
                                  ") RETURNING next_after",
                              {node_id, std::int64_t{time.count()}});
  if (rows.empty()) return std::nullopt;
  return rows.front().integer(0);
}

void release(store::Sql& sql, const std::string& node_id) {
  sql.post("UPDATE event_publishers SET claimed_until = 0 WHERE name = 'event-grid' AND claimed_by = $1", {node_id});
}

bool move(store::Sql& sql, const std::string& node_id, std::int64_t from, std::int64_t to) {
  return sql.execute(
             "UPDATE event_publishers SET next_after = $3 WHERE name = 'event-grid' AND claimed_by = $1 AND "
             "next_after = $2",
             {node_id, from, to}) == 1;
}

}  // namespace trunkline::events::grid
