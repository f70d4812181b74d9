#pragma once

#include <trunkline/base/clock.hpp>
#include <trunkline/store/sql.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace trunkline::store {

/// One numbered file of migrations/<driver>/.
struct Migration {
  std::int64_t version;   ///< from 1, without gaps
  std::string_view name;  ///< the file's name without `.sql`: `0001_calls`
  std::string_view sql;
};

struct MigrationReport {
  std::int64_t version = 0;          ///< of the schema as it is now
  std::vector<std::string> applied;  ///< names of what this call applied, in order
};

/// The files of migrations/<driver>/, built into the program, in order. All make the same tables.
std::span<const Migration> sqlite_migrations();
std::span<const Migration> postgres_migrations();
/// Those for the driver of `database`.
std::span<const Migration> migrations_for(const Database& database);

/// Brings the schema up to the last of `migrations` (ascending versions), each in a transaction of its own with its row
/// in `schema_migrations`. Several nodes may start at once: one applies, the others wait and find it applied. Blocks.
///
/// Errors: `migration_changed` (an applied file is not what it was), `database_too_new` (made by a later release);
/// then nothing is changed. Store errors of a migration that fails name it; those before it stay applied.
Result<MigrationReport> migrate(Database& database, std::span<const Migration> migrations,
                                const Clock& clock = system_clock());

/// The same look without changing anything. Errors: those two, and `schema_outdated` when a migration is missing.
/// Blocks.
Result<> require_schema(Database& database, std::span<const Migration> migrations);

}  // namespace trunkline::store
