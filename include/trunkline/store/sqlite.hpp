#pragma once

#include <trunkline/base/clock.hpp>
#include <trunkline/store/sql.hpp>

#include <filesystem>
#include <memory>

namespace trunkline::store {

struct SqliteOptions {
  std::filesystem::path path;        ///< the database file; its folder is created
  std::size_t read_threads = 2;      ///< at least 1; each has a connection of its own
  std::size_t queue_limit = 10'000;  ///< jobs that may wait, for reads and for writes each
  milliseconds busy_timeout{5'000};  ///< how long to wait for another program that locks the file
  bool only_to_read = false;         ///< beside the process that writes, or without one
};

/// The database for one node: a file in WAL mode, one writer thread, a few readers. Writes that wait together share
/// one commit, which is on disk (synchronous=FULL) before any of them goes on.
///
/// The file and those beside it are for the owner and the group (0640, less what the umask takes); an existing one is
/// closed to others.
///
/// Holds `<path>.lock` for its lifetime: two processes on one file would each miss what the other has in memory. Who
/// only reads needs no lock, and gets none: the file must be there, nothing of it is changed, and each read sees one
/// state of it, whatever is written meanwhile. Destruction finishes what is queued, then joins; the loops that wait for
/// answers must still exist.
///
/// Errors: `data_dir_in_use` (the message names the process), `store_unavailable` (folder cannot be made, read-only,
/// disk full), `store_failed` (not a database, damaged).
Result<std::unique_ptr<Database>> open_sqlite(const SqliteOptions& options);

}  // namespace trunkline::store
