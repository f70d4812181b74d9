#include <trunkline/base/crypto.hpp>
#include <trunkline/store/migrations.hpp>

#include <algorithm>
#include <map>

namespace trunkline::store {
namespace {

using Checksums = std::map<std::int64_t, std::string>;  // of what is applied, by version

std::string checksum_of(const Migration& migration) {
  return crypto::hex(crypto::sha256(migration.sql));
}

/// Lets one node at a time at the schema. As a script: it waits for as long as another's migrations take.
void take_turn(Sql& sql, const Database& database) {
  if (database.driver() == "postgres") sql.script("SELECT pg_advisory_xact_lock(7308604759863161453)");
}

Checksums read_checksums(Sql& sql) {
  Checksums checksums;
  for (const Row& row : sql.query("SELECT version, checksum FROM schema_migrations")) {
    checksums.emplace(row.integer(0), row.text(1));
  }
  return checksums;
}

Result<Checksums> applied_checksums(Database& database) {
  return database.write_blocking<Checksums>([&database](Sql& sql) -> Result<Checksums> {
    take_turn(sql, database);
    sql.execute(
        "CREATE TABLE IF NOT EXISTS schema_migrations (version BIGINT PRIMARY KEY, name TEXT NOT NULL, "
        "checksum TEXT NOT NULL, applied_at BIGINT NOT NULL)");
    return read_checksums(sql);
  });
}

// As applied_checksums(), for who may not make the table.
Result<Checksums> known_checksums(Database& database) {
  const bool postgres = database.driver() == "postgres";
  return database.read_blocking<Checksums>([postgres](Sql& sql) -> Result<Checksums> {
    const bool there = sql.query(postgres ? "SELECT to_regclass('schema_migrations') IS NOT NULL"
                                          : "SELECT count(*) FROM sqlite_schema WHERE name = 'schema_migrations'")
                           .at(0)
                           .integer(0) == 1;
    return there ? read_checksums(sql) : Checksums();
  });
}

Result<> check(const Checksums& applied, std::span<const Migration> migrations) {
  const auto newest = migrations.empty() ? 0 : migrations.back().version;
  if (!applied.empty() && applied.rbegin()->first > newest) {
    return make_error("database_too_new", "the database has schema version " + std::to_string(applied.rbegin()->first) +
                                              " and this release knows versions up to " + std::to_string(newest) +
                                              "; run the release that made it, or a later one");
  }
  for (const Migration& migration : migrations) {
    const auto found = applied.find(migration.version);
    if (found != applied.end() && found->second != checksum_of(migration)) {
      return make_error("migration_changed", "migration " + std::string(migration.name) +
                                                 " was changed after it was applied; restore it and put the change "
                                                 "into a new migration");
    }
  }
  return {};
}

/// False when another node was first.
Result<bool> apply(Database& database, const Migration& migration, const Clock& clock) {
  auto applied = database.write_blocking<bool>([&](Sql& sql) -> Result<bool> {
    take_turn(sql, database);
    const auto claimed = sql.execute(
        "INSERT INTO schema_migrations (version, name, checksum, applied_at) VALUES ($1, $2, $3, $4) "
        "ON CONFLICT (version) DO NOTHING",
        {migration.version, std::string(migration.name), checksum_of(migration), to_millis(clock.wall())});
    if (claimed == 0) return false;
    sql.script(migration.sql);
    return true;
  });
  if (applied) return applied;
  Error error = applied.error();
  error.message = "migration " + std::string(migration.name) + " failed: " + error.message;
  return error;
}

}  // namespace

Result<> require_schema(Database& database, std::span<const Migration> migrations) {
  const auto applied = known_checksums(database);
  if (!applied) return applied.error();
  if (auto checked = check(*applied, migrations); !checked) return checked;
  for (const Migration& migration : migrations) {
    if (applied->contains(migration.version)) continue;
    return make_error("schema_outdated", "the database lacks migration " + std::string(migration.name) +
                                             "; run `trunkline migrate`, or start with MIGRATE=on");
  }
  return {};
}

std::span<const Migration> migrations_for(const Database& database) {
  return database.driver() == "postgres" ? postgres_migrations() : sqlite_migrations();
}

Result<MigrationReport> migrate(Database& database, std::span<const Migration> migrations, const Clock& clock) {
  const auto applied = applied_checksums(database);
  if (!applied) return applied.error();
  if (auto checked = check(*applied, migrations); !checked) return checked.error();

  MigrationReport report;
  for (const Migration& migration : migrations) {
    report.version = migration.version;
    if (applied->contains(migration.version)) continue;
    const auto mine = apply(database, migration, clock);
    if (!mine) return mine.error();
    if (*mine) report.applied.emplace_back(migration.name);
  }
  return report;
}

}  // namespace trunkline::store
