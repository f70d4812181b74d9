#include "log_order.hpp"

namespace trunkline::calls {
namespace {

constexpr std::int64_t numbering_turn = 5'102'733'094'781'266'001;

}  // namespace

LogEnd find_log_end(store::Sql& sql) {
  const auto rows = sql.query(
      "SELECT COALESCE((SELECT MAX(seq) FROM event_log), 0), CASE WHEN EXISTS (SELECT 1 FROM outbox) THEN 1 ELSE 0 "
      "END");
  return {rows.front().integer(0), rows.front().integer(1) != 0};
}

LogEnd number_events(store::Sql& sql, std::size_t limit) {
  sql.take_turn(numbering_turn);
  const std::int64_t end = find_log_end(sql).seq;
  const std::int64_t numbered = sql.execute(
      "INSERT INTO event_log (seq, ordinal) SELECT $1 + ROW_NUMBER() OVER (ORDER BY ordinal), ordinal "
      "FROM (SELECT ordinal FROM outbox ORDER BY ordinal LIMIT $2) AS waiting",
      {end, static_cast<std::int64_t>(limit)});
  sql.post("DELETE FROM outbox WHERE ordinal IN (SELECT ordinal FROM event_log WHERE seq > $1)", {end});
  return {end + numbered, numbered == static_cast<std::int64_t>(limit)};
}

}  // namespace trunkline::calls
