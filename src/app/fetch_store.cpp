#include "app/fetch_store.hpp"

#include <algorithm>
#include <utility>

namespace trunkline::app {
namespace {

using store::Sql;

constexpr std::int64_t attempts_when_gone = 5;  // the file may be told of a moment before it is there
constexpr milliseconds longest_wait = std::chrono::hours(1);

FetchJob read_job(const store::Row& row) {
  FetchJob job;
  job.recording_id = row.text(0);
  job.call_id = row.text(1);
  job.provider = row.text(2);
  job.location = row.text(3);
  job.delete_location = row.text(4);
  job.duration = milliseconds{row.integer(5)};
  job.attempts = row.integer(6);
  job.state = row.text(7);
  job.path = row.text(8);
  job.format = row.text(9);
  job.provider_recording_id = row.text(10);
  job.part = row.integer(11);
  return job;
}

FetchJob take_job(Sql& sql, const FetchClaim& claim, const std::string& recording_id) {
  sql.post("UPDATE call_recordings SET node = $2, updated_at = $3 WHERE id = $1 AND state = 'recording'",
           {recording_id, claim.node, to_millis(claim.now)});
  const auto rows = sql.query(
      "SELECT f.recording_id, f.call_id, f.provider, f.location, f.delete_location, f.duration_ms, f.attempts, "
      "COALESCE(r.state, ''), COALESCE(r.path, ''), COALESCE(r.format, ''), COALESCE(r.provider_recording_id, ''), "
      "COALESCE(r.part, 0) FROM recording_fetches f LEFT JOIN call_recordings r ON r.id = f.recording_id "
      "WHERE f.recording_id = $1",
      {recording_id});
  return read_job(rows.front());
}

bool is_for_good(const Error& error) {
  return error.code == "recording_url_refused" || error.code == "recording_too_large";
}

}  // namespace

// The condition stands twice: who waited for a row looks at it again as it is then, and not at the list of rows.
std::vector<FetchJob> claim_fetches(Sql& sql, const FetchClaim& claim) {
  const std::string now(sql.clock());
  const auto claimed = sql.query(
      "UPDATE recording_fetches SET claimed_by = $1, claimed_until = " + now +
          " + $2 WHERE recording_id IN (SELECT recording_id FROM recording_fetches WHERE next_attempt_at <= $3 "
          "AND claimed_until < " +
          now + " ORDER BY next_attempt_at, recording_id LIMIT $4) AND claimed_until < " + now +
          " RETURNING recording_id",
      {claim.node, std::int64_t{claim.time.count()}, to_millis(claim.now), static_cast<std::int64_t>(claim.limit)});
  std::vector<FetchJob> jobs;
  jobs.reserve(claimed.size());
  for (const auto& row : claimed) jobs.push_back(take_job(sql, claim, row.text(0)));
  return jobs;
}

std::set<std::string> renew_fetches(Sql& sql, const std::string& node, milliseconds time) {
  const std::string now(sql.clock());
  std::set<std::string> ours;
  for (const auto& row : sql.query(
           "UPDATE recording_fetches SET claimed_until = " + now + " + $2 WHERE claimed_by = $1 RETURNING recording_id",
           {node, std::int64_t{time.count()}})) {
    ours.insert(row.text(0));
  }
  return ours;
}

void let_go_of_fetches(Sql& sql, const std::string& node) {
  sql.post("UPDATE recording_fetches SET claimed_by = '', claimed_until = 0 WHERE claimed_by = $1", {node});
}

void put_off_fetch(Sql& sql, const std::string& node, const FetchJob& job, WallTime next) {
  sql.post(
      "UPDATE recording_fetches SET attempts = $3, next_attempt_at = $4, claimed_by = '', claimed_until = 0 "
      "WHERE recording_id = $1 AND claimed_by = $2",
      {job.recording_id, node, job.attempts, to_millis(next)});
}

void end_fetch(Sql& sql, const std::string& node, const std::string& recording_id) {
  sql.post("DELETE FROM recording_fetches WHERE recording_id = $1 AND claimed_by = $2", {recording_id, node});
}

FetchBacklog look_at_fetches(Sql& sql, WallTime now) {
  const auto rows = sql.query("SELECT COUNT(*), COUNT(CASE WHEN next_attempt_at <= $1 AND claimed_until < " +
                                  std::string(sql.clock()) + " THEN 1 END) FROM recording_fetches",
                              {to_millis(now)});
  return {rows.front().integer(0), rows.front().integer(1) > 0};
}

std::optional<milliseconds> next_fetch(const Error& error, std::int64_t attempts, const config::Recording& settings) {
  auto most = static_cast<std::int64_t>(settings.fetch_attempts);
  if (error.code == "recording_gone") most = std::min(most, attempts_when_gone);
  if (is_for_good(error) || attempts >= most) return std::nullopt;
  constexpr std::int64_t most_doublings = 16;
  const auto doublings = std::clamp<std::int64_t>(attempts - 1, 0, most_doublings);
  return std::min<milliseconds>(settings.fetch_retry * (std::int64_t{1} << doublings), longest_wait);
}

}  // namespace trunkline::app
