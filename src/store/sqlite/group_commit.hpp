#pragma once

#include "store/job_queue.hpp"
#include "store/sqlite/connection.hpp"

#include <span>

namespace trunkline::store::sqlite {

/// Runs `jobs` in order in one transaction, commits once, and then tells each how it ended. A job that fails is undone
/// alone; when the commit fails, all of them fail.
///
/// A transaction that SQLite drops in the middle (disk full, I/O error) fails the job that met the error and those
/// before it; the rest get a transaction of their own.
void commit_together(Connection& connection, std::span<Job> jobs);

/// Runs one job on one unchanging view of the database.
void read_alone(Connection& connection, Job& job);

}  // namespace trunkline::store::sqlite
