#pragma once

#include "store/postgres/link.hpp"

#include <trunkline/store/sql.hpp>

#include <array>
#include <cstdint>
#include <string>

namespace trunkline::store::postgres {

/// How it is known whether a transaction was committed when the answer to its COMMIT was lost.
///
/// Every connection has a row of its own in `commit_marks`, and each transaction that wrote ends by writing a number of
/// its own there. It is part of the transaction: whoever reads the row once the transaction has ended sees the
/// number if, and only if, it was committed, and who reads earlier waits, because the row is locked.
///
/// pg_xact_status() would need no row, but it answers for the number of a transaction, and after a crash Postgres gives
/// the numbers of those that it lost to others: their commits would be taken for ours.
struct CommitMark {
  std::string slot;           ///< of the connection
  std::int64_t number = 0;    ///< of the transaction, never again on this slot
  std::string backend;        ///< the server's process for the connection
  std::string backend_start;  ///< a process number alone may be another's by now
};

/// The table, when it is not there, and without the rows that nobody will ask for any more. Throws SqlFailure.
void prepare_marks(Link& link, milliseconds time);

/// The process at the other end and when it was started: for a CommitMark. Throws SqlFailure.
void identify(Link& link, CommitMark& mark, milliseconds time);

/// What writes the mark, inside the transaction.
inline constexpr std::string_view write_mark =
    "INSERT INTO commit_marks (slot, number, marked_at) VALUES ($1, $2, now()) "
    "ON CONFLICT (slot) DO UPDATE SET number = excluded.number, marked_at = excluded.marked_at";
std::array<Value, 2> mark_params(const CommitMark& mark);

/// Whether the transaction of `mark`, whose own connection is lost, was committed. Ends it first if it still runs;
/// after the answer nothing more can happen to it. Throws SqlFailure when that cannot be found out now.
bool was_committed(Link& link, const CommitMark& mark, milliseconds time);

}  // namespace trunkline::store::postgres
