#include "store/sqlite/group_commit.hpp"

#include "store/attempt.hpp"

#include <vector>

namespace trunkline::store::sqlite {
namespace {

Result<> control(Connection& connection, std::string_view statement) {
  return attempt([&]() -> Result<> {
    connection.control(statement);
    return {};
  });
}

/// Leaves the transaction as it was before the job, or, when even that fails, no transaction.
void undo_job(Connection& connection) {
  const bool undone = control(connection, "ROLLBACK TO job") && control(connection, "RELEASE job");
  if (!undone) connection.roll_back();
}

Result<> run_in_savepoint(Connection& connection, const Job& job) {
  auto ended = attempt([&]() -> Result<> {
    connection.control("SAVEPOINT job");
    auto result = job.work(connection);
    if (result) connection.control("RELEASE job");
    return result;
  });
  if (!ended) undo_job(connection);
  return ended;
}

Result<> commit(Connection& connection) {
  auto committed = control(connection, "COMMIT");
  if (!committed) connection.roll_back();
  return committed;
}

/// Runs jobs until all have run or the transaction is gone, and ends it. The error is everybody's: without a commit
/// nothing of `ends` holds.
Result<> run_transaction(Connection& connection, std::span<const Job> jobs, std::vector<Result<>>& ends) {
  if (auto begun = control(connection, "BEGIN IMMEDIATE"); !begun) {
    ends.assign(jobs.size(), begun);
    return begun;
  }
  for (const Job& job : jobs) {
    ends.push_back(run_in_savepoint(connection, job));
    if (!connection.in_transaction()) return ends.back();
  }
  return commit(connection);
}

}  // namespace

void commit_together(Connection& connection, std::span<Job> jobs) {
  while (!jobs.empty()) {
    std::vector<Result<>> ends;
    ends.reserve(jobs.size());
    const auto shared = run_transaction(connection, jobs, ends);
    for (std::size_t i = 0; i < ends.size(); ++i) jobs[i].done(ends[i] ? shared : ends[i]);
    jobs = jobs.subspan(ends.size());
  }
}

void read_alone(Connection& connection, Job& job) {
  auto ended = attempt([&]() -> Result<> {
    connection.control("BEGIN");
    return job.work(connection);
  });
  connection.roll_back();
  job.done(std::move(ended));
}

}  // namespace trunkline::store::sqlite
