#pragma once

#include "support/postgres.hpp"
#include "support/scratch.hpp"

#include <trunkline/store/migrations.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace trunkline::store::test {

/// What a test of statements runs on; how a driver goes about them is its own affair.
enum class Drivers { all, sqlite };

/// Schemas with the tables of calls, emptied and used again: to make one takes Postgres longer than most tests take.
/// They stay when the program ends, and go with the server.
class UsedSchemas {
 public:
  static std::unique_ptr<Schema> take() {
    if (idle().empty()) return std::make_unique<Schema>();
    auto schema = std::move(idle().back());
    idle().pop_back();
    return schema;
  }
  static void give_back(std::unique_ptr<Schema> schema) {
    Psql{schema->url()}(
        "SET session_replication_role = replica; DO $$ DECLARE name text; BEGIN FOR name IN SELECT tablename FROM "
        "pg_tables WHERE schemaname = current_schema() AND tablename <> 'schema_migrations' LOOP "
        "EXECUTE 'DELETE FROM ' || quote_ident(name); END LOOP; END $$");
    idle().push_back(std::move(schema));
  }

 private:
  static std::vector<std::unique_ptr<Schema>>& idle() {
    static auto* schemas = new std::vector<std::unique_ptr<Schema>>;  // never destroyed: a schema that goes needs Catch
    return *schemas;
  }
};

/// A place for one database, on each driver in turn: a test that has one runs once with SQLite and, where there is a
/// Postgres, once more with that. It is made in a fixture, before anything else of the test.
class AnyDatabase {
 public:
  explicit AnyDatabase(Drivers on = Drivers::all) {
    const std::string driver = GENERATE_COPY(from_range(names(on)));
    UNSCOPED_INFO("on " << driver);
    postgres_ = driver == "postgres";
  }
  ~AnyDatabase() {
    if (used_) UsedSchemas::give_back(std::move(used_));
  }
  AnyDatabase(const AnyDatabase&) = delete;
  AnyDatabase& operator=(const AnyDatabase&) = delete;

  /// Opens it, again as often as needed, with the schema of calls. SQLite: once at a time.
  std::unique_ptr<Database> open() {
    if (postgres_ && !used_) used_ = UsedSchemas::take();
    auto database = postgres_ ? open_in(*used_, 2) : test::open(at(folder_ / "calls.db"));
    REQUIRE(migrate(*database, migrations_for(*database)));
    return database;
  }

  /// Opens another, which has no tables.
  std::unique_ptr<Database> open_empty(std::size_t connections = 2) {
    if (!postgres_) return test::open(at(folder_ / "empty.db"));
    if (!empty_) empty_.emplace();
    return open_in(*empty_, connections);
  }

 private:
  static std::vector<std::string> names(Drivers on) {
    if (on == Drivers::sqlite || postgres_url().empty()) return {"sqlite"};
    return {"sqlite", "postgres"};
  }

  static std::unique_ptr<Database> open_in(const Schema& schema, std::size_t connections) {
    PostgresOptions options = in(schema, connections);
    options.url += "%20-csynchronous_commit%3Doff";  // nobody pulls the plug: the disk need not be waited for
    auto opened = open_postgres(std::move(options));
    REQUIRE(opened);
    return std::move(*opened);
  }

  TemporaryFolder folder_;
  bool postgres_ = false;
  std::unique_ptr<Schema> used_;
  std::optional<Schema> empty_;
};

}  // namespace trunkline::store::test
