#pragma once

#include <trunkline/base/clock.hpp>
#include <trunkline/store/sql.hpp>

#include <memory>
#include <string>

namespace trunkline::store {

struct PostgresOptions {
  std::string url;                      ///< postgresql://user:password@host:port/name?sslmode=..., several hosts too
  std::size_t connections = 16;         ///< at least 2; a quarter is for reads, so that slow ones hold up no write
  std::size_t queue_limit = 10'000;     ///< jobs that may wait, for reads and for writes each
  milliseconds wait_limit{5'000};       ///< how long a job may wait for a connection that is free and works
  milliseconds connect_timeout{3'000};  ///< a host; whole seconds, at least 2
  milliseconds statement_timeout{5'000};
  milliseconds lock_timeout{3'000};  ///< how long a statement may wait for a row that another transaction holds
  milliseconds doubt_limit{10'000};  ///< how long to ask what became of a commit whose answer was lost
};

/// The database that many nodes share: Postgres 13 or later, in UTF-8. Each connection has a thread and runs one job a
/// transaction, writes at READ COMMITTED, reads on one unchanging view.
///
/// What the server undid because of others (deadlock, serialization), and what was under way when a connection broke,
/// is run again a few times. When the answer to a COMMIT is lost, the next connection finds out what became of it
/// before the caller is told: see CommitMarks. While the server is away jobs wait up to `wait_limit`.
///
/// A text with a NUL byte cannot be stored: `store_failed`.
///
/// Waits up to `wait_limit` for a server that does not listen yet. Destruction finishes what is queued, then joins; the
/// loops that wait for answers must still exist.
///
/// Errors: `store_unavailable`, the message says why without a secret (no server, wrong password, no such database);
/// `store_failed` (not usable: too old, not in UTF-8).
Result<std::unique_ptr<Database>> open_postgres(const PostgresOptions& options);

/// Connects once and says to what: `PostgreSQL 15.18, TLSv1.3`. Errors as open_postgres(); changes nothing.
Result<std::string> try_postgres(const PostgresOptions& options);

}  // namespace trunkline::store
