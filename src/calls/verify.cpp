#include "call_audit.hpp"

#include <trunkline/calls/verify.hpp>

#include <iterator>
#include <limits>
#include <map>
#include <utility>

namespace trunkline::calls {
namespace {

using store::Row;
using store::Sql;

constexpr std::int64_t calls_a_page = 100;
constexpr std::int64_t rows_a_page = 500;  // of one call's events, with up to 64 KiB each
constexpr std::int64_t places_a_page = 5'000;
constexpr std::int64_t last = std::numeric_limits<std::int64_t>::max();

/// The calls of one page, by id.
using Audits = std::map<std::string, CallAudit>;

/// What was read of a table, and up to where.
template <class Key>
struct Part {
  VerifyReport report;
  Key end{};
  bool more = false;
};

std::string select(std::string_view columns, std::string_view rest) {
  return std::string("SELECT ").append(columns).append(" ").append(rest);
}

void take_events(Sql& sql, Audits& audits, const std::string& after) {
  static const std::string query =
      select(CallAudit::event_columns,
             "FROM call_events e LEFT JOIN event_log l ON l.ordinal = e.ordinal "
             "LEFT JOIN outbox o ON o.ordinal = e.ordinal "
             "WHERE (e.call_id, e.version) > ($1, $2) AND e.call_id <= $3 ORDER BY e.call_id, e.version LIMIT $4");
  const std::string& end = audits.rbegin()->first;
  std::string call_id = after;
  std::int64_t version = last;
  for (;;) {
    const auto rows = sql.query(query, {call_id, version, end, rows_a_page});
    for (const Row& row : rows) {
      if (const auto call = audits.find(row.text(0)); call != audits.end()) call->second.take_event(row);
    }
    if (static_cast<std::int64_t>(rows.size()) < rows_a_page) return;
    call_id = rows.back().text(0);
    version = rows.back().integer(1);
  }
}

// Of a table whose first two columns are the call and the row's own id.
void take_rows(Sql& sql, Audits& audits, const std::string& after, const std::string& query,
               void (CallAudit::*take)(const Row&)) {
  const std::string& end = audits.rbegin()->first;
  std::string call_id = after;
  std::string id = "~";  // after every id
  for (;;) {
    const auto rows = sql.query(query, {call_id, id, end, rows_a_page});
    for (const Row& row : rows) {
      if (const auto call = audits.find(row.text(0)); call != audits.end()) (call->second.*take)(row);
    }
    if (static_cast<std::int64_t>(rows.size()) < rows_a_page) return;
    call_id = rows.back().text(0);
    id = rows.back().text(1);
  }
}

Part<std::string> look_at_calls(Sql& sql, const std::string& after) {
  static const std::string calls = select(CallAudit::call_columns, "FROM calls WHERE id > $1 ORDER BY id LIMIT $2");
  static const std::string those = "WHERE (call_id, id) > ($1, $2) AND call_id <= $3 ORDER BY call_id, id LIMIT $4";
  static const std::string recordings = select(CallAudit::recording_columns, "FROM call_recordings " + those);
  static const std::string segments = select(CallAudit::segment_columns, "FROM transcript_segments " + those);
  Part<std::string> part;
  Audits audits;
  for (const Row& row : sql.query(calls, {after, calls_a_page})) audits.try_emplace(row.text(0), row);
  if (audits.empty()) return part;
  take_events(sql, audits, after);
  take_rows(sql, audits, after, recordings, &CallAudit::take_recording);
  take_rows(sql, audits, after, segments, &CallAudit::take_segment);
  for (auto& [id, audit] : audits) part.report.add(audit.finish());
  part.end = audits.rbegin()->first;
  part.more = static_cast<std::int64_t>(audits.size()) == calls_a_page;
  return part;
}

Part<std::int64_t> look_at_places(Sql& sql, const std::int64_t& after, bool gaps) {
  const auto rows = sql.query(
      "SELECT l.seq, e.id, c.id FROM event_log l LEFT JOIN call_events e ON e.ordinal = l.ordinal "
      "LEFT JOIN calls c ON c.id = e.call_id WHERE l.seq > $1 ORDER BY l.seq LIMIT $2",
      {after, places_a_page});
  Part<std::int64_t> part{{}, after, static_cast<std::int64_t>(rows.size()) == places_a_page};
  for (const Row& row : rows) {
    const std::int64_t seq = row.integer(0);
    const auto event = row.text_or_null(1);
    if (seq != part.end + 1 && !gaps)
      part.report.add({"log.gap", std::to_string(part.end + 1), std::to_string(part.end + 1), std::to_string(seq)});
    if (!event) part.report.add({"log.event", std::to_string(seq), "an event", "nothing"});
    if (event && !row.text_or_null(2)) part.report.add({"event.call", *event, "a call", "nothing"});
    part.end = seq;
  }
  return part;
}

Part<std::int64_t> look_at_outbox(Sql& sql, const std::int64_t& after) {
  const auto rows = sql.query(
      "SELECT o.ordinal, e.id FROM outbox o LEFT JOIN call_events e ON e.ordinal = o.ordinal "
      "WHERE o.ordinal > $1 ORDER BY o.ordinal LIMIT $2",
      {after, places_a_page});
  Part<std::int64_t> part{{}, after, static_cast<std::int64_t>(rows.size()) == places_a_page};
  for (const Row& row : rows) {
    part.end = row.integer(0);
    if (!row.text_or_null(1)) part.report.add({"outbox.event", std::to_string(part.end), "an event", "nothing"});
  }
  return part;
}

/// Reads a table to its end, each page on one unchanging view.
template <class Key, class Look>  // Look: Part<Key>(Sql&, const Key&)
Result<> read_all(store::Database& database, VerifyReport& report, Look look) {
  for (Part<Key> part{.report = {}, .end = {}, .more = true}; part.more;) {
    auto next = database.read_blocking<Part<Key>>([&](Sql& sql) -> Result<Part<Key>> { return look(sql, part.end); });
    if (!next) return next.error();
    part = std::move(*next);
    report.add(std::move(part.report));
  }
  return {};
}

Result<VerifyReport> look_at_all(store::Database& database, VerifyOptions options) {
  VerifyReport report;
  const auto places = [&](Sql& sql, const std::int64_t& after) {
    return look_at_places(sql, after, options.calls_were_removed);
  };
  if (auto read = read_all<std::string>(database, report, look_at_calls); !read) return read.error();
  if (auto read = read_all<std::int64_t>(database, report, places); !read) return read.error();
  if (auto read = read_all<std::int64_t>(database, report, look_at_outbox); !read) return read.error();
  return report;
}

}  // namespace

void VerifyReport::add(Difference difference) {
  ++found;
  if (differences.size() < max_kept) differences.push_back(std::move(difference));
}

void VerifyReport::add(VerifyReport part) {
  calls += part.calls;
  events += part.events;
  recordings += part.recordings;
  segments += part.segments;
  const std::int64_t not_kept = part.found - static_cast<std::int64_t>(part.differences.size());
  for (Difference& difference : part.differences) add(std::move(difference));
  found += not_kept;
}

// What changed while it was looked at, and how, is over by the second look.
Result<VerifyReport> verify_calls(store::Database& database, VerifyOptions options) {
  auto report = look_at_all(database, options);
  if (report && !report->agrees()) report = look_at_all(database, options);
  return report;
}

}  // namespace trunkline::calls
