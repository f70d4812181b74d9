#include "store/postgres/commit_marks.hpp"

#include <thread>

namespace trunkline::store::postgres {
namespace {

// Nodes that start together make the table once. The rows are updated in place: half of each page is left for that.
constexpr const char* make_table =
    "SELECT pg_advisory_xact_lock(7308604759863161452);"
    "CREATE TABLE IF NOT EXISTS commit_marks (slot TEXT PRIMARY KEY, number BIGINT NOT NULL, "
    "marked_at TIMESTAMPTZ NOT NULL) WITH (fillfactor = 50)";

// A doubt lives for less than a minute, a connection that lasts writes its row anew.
constexpr const char* forget_old = "DELETE FROM commit_marks WHERE marked_at < now() - INTERVAL '1 day'";

constexpr milliseconds look_again{5};

std::vector<Row> ask(Link& link, std::string_view text, std::span<const Value> params, milliseconds time) {
  return rows_of(link.ask(statement(std::string(text), params), time).get());
}

// A COMMIT that never arrived leaves the transaction open until the server notices that nobody is there; one that is
// still on its way must find nobody.
void end_backend(Link& link, const CommitMark& mark, milliseconds time) {
  const std::array<Value, 2> params = {mark.backend, mark.backend_start};
  const MonoTime deadline = std::chrono::steady_clock::now() + time;
  while (!ask(link,
              "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
              "WHERE pid = CAST($1 AS INTEGER) AND backend_start = CAST($2 AS TIMESTAMPTZ)",
              params, time)
              .empty()) {
    if (std::chrono::steady_clock::now() >= deadline) throw lost("the server does not end a lost connection");
    std::this_thread::sleep_for(look_again);
  }
}

}  // namespace

void prepare_marks(Link& link, milliseconds time) {
  // First a look: who may only read and write rows must not need more than that.
  if (ask(link, "SELECT to_regclass('commit_marks') IS NOT NULL", {}, time).at(0).integer(0) == 0) {
    link.script(make_table);
  }
  ask(link, forget_old, {}, time);
}

void identify(Link& link, CommitMark& mark, milliseconds time) {
  const auto rows = ask(link,
                        "SELECT CAST(pid AS TEXT), CAST(backend_start AS TEXT) FROM pg_stat_activity "
                        "WHERE pid = pg_backend_pid()",
                        {}, time);
  mark.backend = rows.at(0).text(0);
  mark.backend_start = rows.at(0).text(1);
}

std::array<Value, 2> mark_params(const CommitMark& mark) {
  return {mark.slot, mark.number};
}

bool was_committed(Link& link, const CommitMark& mark, milliseconds time) {
  end_backend(link, mark, time);
  // Writes, and so waits for the transaction, even for one that would be the first to make the row.
  const std::array<Value, 1> params = {mark.slot};
  const auto rows = ask(link,
                        "INSERT INTO commit_marks (slot, number, marked_at) VALUES ($1, 0, now()) "
                        "ON CONFLICT (slot) DO UPDATE SET marked_at = excluded.marked_at RETURNING number",
                        params, time);
  return rows.at(0).integer(0) == mark.number;
}

}  // namespace trunkline::store::postgres
