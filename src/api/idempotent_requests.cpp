#include <trunkline/api/idempotent_requests.hpp>

#include <utility>

namespace trunkline::api {
namespace {

using Verdict = IdempotentRequests::Verdict;
using Standing = IdempotentRequests::Standing;

/// When an attempt began, and what follows for it and for those before it.
struct Times {
  std::int64_t now;
  std::int64_t deadline;
  std::int64_t forgotten_before;
};

bool insert(store::Sql& sql, const RequestIdentity& identity, const std::string& attempt, const Times& times) {
  return sql.execute(
             "INSERT INTO idempotent_requests (key, fingerprint, attempt, started_at, deadline) "
             "VALUES ($1, $2, $3, $4, $5) ON CONFLICT (key) DO NOTHING",
             {identity.key, identity.fingerprint, attempt, times.now, times.deadline}) == 1;
}

// What is forgotten and not yet removed, or was left in flight by a node that is gone.
bool take_over(store::Sql& sql, const RequestIdentity& identity, const std::string& attempt, const Times& times) {
  return sql.execute(
             "UPDATE idempotent_requests SET fingerprint = $2, attempt = $3, started_at = $4, deadline = $5, "
             "status = NULL, content_type = '', location = '', body = '' "
             "WHERE key = $1 AND (started_at < $6 OR (status IS NULL AND deadline <= $4 AND fingerprint = $2))",
             {identity.key, identity.fingerprint, attempt, times.now, times.deadline, times.forgotten_before}) == 1;
}

Standing standing_of(store::Sql& sql, const RequestIdentity& identity) {
  const auto rows =
      sql.query("SELECT fingerprint, status, content_type, location, body FROM idempotent_requests WHERE key = $1",
                {identity.key});
  if (rows.empty()) return {Verdict::in_flight, {}, {}};  // withdrawn this moment: whoever asks again begins it
  const store::Row& row = rows.front();
  if (row.text(0) != identity.fingerprint) return {Verdict::reused, {}, {}};
  const auto status = row.integer_or_null(1);
  if (!status) return {Verdict::in_flight, {}, {}};
  return {Verdict::repeated, {}, {static_cast<int>(*status), row.text(2), row.text(3), row.text(4)}};
}

}  // namespace

IdempotentRequests::IdempotentRequests(store::Database& database, const Clock& clock, Ids& ids, milliseconds retention)
    : database_(database), clock_(clock), retention_(retention), node_(ids.make("node")) {}

asio::awaitable<Result<Standing>> IdempotentRequests::begin(RequestIdentity identity) {
  const std::string attempt = node_ + "/" + std::to_string(++attempts_);
  const WallTime now = clock_.wall();
  const Times times{to_millis(now), to_millis(now + in_flight_limit), to_millis(now - retention_)};
  const auto begin = [&](store::Sql& sql) -> Result<Standing> {
    if (insert(sql, identity, attempt, times) || take_over(sql, identity, attempt, times)) {
      return Standing{Verdict::begun, attempt, {}};
    }
    return standing_of(sql, identity);
  };
  co_return co_await database_.write<Standing>(begin);
}

asio::awaitable<Result<>> IdempotentRequests::keep(std::string key, std::string attempt, KeptAnswer answer) {
  const auto keep = [&](store::Sql& sql) -> Result<> {
    sql.execute(
        "UPDATE idempotent_requests SET status = $3, content_type = $4, location = $5, body = $6 "
        "WHERE key = $1 AND attempt = $2",
        {key, attempt, std::int64_t{answer.status}, answer.content_type, answer.location, answer.body});
    return {};
  };
  co_return co_await database_.write<void>(keep);
}

asio::awaitable<Result<>> IdempotentRequests::withdraw(std::string key, std::string attempt) {
  const auto withdraw = [&](store::Sql& sql) -> Result<> {
    sql.execute("DELETE FROM idempotent_requests WHERE key = $1 AND attempt = $2", {key, attempt});
    return {};
  };
  co_return co_await database_.write<void>(withdraw);
}

asio::awaitable<Result<std::size_t>> IdempotentRequests::forget(std::size_t limit) {
  const std::int64_t before = to_millis(clock_.wall() - retention_);
  const auto forget = [before, limit](store::Sql& sql) -> Result<std::size_t> {
    return static_cast<std::size_t>(
        sql.execute("DELETE FROM idempotent_requests WHERE key IN "
                    "(SELECT key FROM idempotent_requests WHERE started_at < $1 ORDER BY started_at LIMIT $2)",
                    {before, static_cast<std::int64_t>(limit)}));
  };
  co_return co_await database_.write<std::size_t>(forget);
}

}  // namespace trunkline::api
