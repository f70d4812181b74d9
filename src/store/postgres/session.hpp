#pragma once

#include "store/backoff.hpp"
#include "store/job_queue.hpp"
#include "store/postgres/connection.hpp"

#include <trunkline/base/ids.hpp>
#include <trunkline/store/postgres.hpp>

#include <memory>
#include <random>

namespace trunkline::store::postgres {

/// One thread's way to the database: a connection, made when it is needed and made anew when it was lost, and jobs that
/// run on it, again where that may help.
class Session {
 public:
  explicit Session(const PostgresOptions& options);

  /// Runs `job` in a transaction of its own and tells its caller how it ended.
  void serve(Job& job, Connection::Mode mode);

  /// Makes a connection unless there is one; tries again, with pauses, until `deadline`.
  Result<> connect(MonoTime deadline);
  /// Only after connect().
  Connection& connection() { return *connection_; }

 private:
  struct End {
    Result<> result;
    Remedy remedy = Remedy::none;
  };

  End run(const Job& job, Connection::Mode mode);
  End commit();
  End settle(const CommitMark& mark);
  void try_to_connect();
  void tidy();
  void let_go();
  double chance() { return std::uniform_real_distribution<double>(0, 1)(random_); }

  const PostgresOptions options_;
  const std::unique_ptr<Ids> ids_ = make_ids(system_clock());
  std::mt19937_64 random_{std::random_device{}()};
  std::unique_ptr<Connection> connection_;
  Backoff reconnecting_;
  MonoTime next_attempt_;
  std::optional<MonoTime> down_since_;
  Error problem_;  // of the last attempt to connect
};

}  // namespace trunkline::store::postgres
