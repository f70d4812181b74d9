#include "support/any_database.hpp"
#include "support/manual_clock.hpp"

#include <trunkline/store/migrations.hpp>

namespace trunkline::store {
namespace {

using test::integer_of;

constexpr Migration first{1, "0001_first", "CREATE TABLE a (x INTEGER); -- one\nINSERT INTO a VALUES (7);\n"};
constexpr Migration second{2, "0002_second", "ALTER TABLE a ADD COLUMN y TEXT; CREATE INDEX a_x ON a (x);"};
constexpr Migration broken{2, "0002_broken", "CREATE TABLE b (x INTEGER); INSERT INTO missing VALUES (1);"};

class Fresh {
 protected:
  Result<MigrationReport> run(std::vector<Migration> migrations) { return migrate(*database_, migrations, clock_); }
  std::int64_t tables(const std::string& name) {
    // In Postgres an index is a relation like a table.
    const std::string catalogue = database_->driver() == "sqlite"
                                      ? "sqlite_schema WHERE name = '"
                                      : "pg_class WHERE relnamespace = CAST(current_schema() AS regnamespace) AND "
                                        "relname = '";
    return integer_of(*database_, "SELECT count(*) FROM " + catalogue + name + "'");
  }

  trunkline::test::ManualClock clock_{from_millis(1'800'000'000'123)};
  test::AnyDatabase home_;
  std::unique_ptr<Database> database_ = home_.open_empty();
};

TEST_CASE_METHOD(Fresh, "a fresh database gets every migration in order") {
  const auto report = run({first, second});
  REQUIRE(report);
  CHECK(report->version == 2);
  CHECK(report->applied == std::vector<std::string>{"0001_first", "0002_second"});
  CHECK(integer_of(*database_, "SELECT x FROM a WHERE y IS NULL") == 7);
  CHECK(integer_of(*database_, "SELECT max(applied_at) FROM schema_migrations") == 1'800'000'000'123);
}

TEST_CASE_METHOD(Fresh, "what is applied is not applied again") {
  REQUIRE(run({first}));
  const auto report = run({first, second});
  REQUIRE(report);
  CHECK(report->applied == std::vector<std::string>{"0002_second"});
  const auto again = run({first, second});
  REQUIRE(again);
  CHECK(again->version == 2);
  CHECK(again->applied.empty());
  CHECK(integer_of(*database_, "SELECT count(*) FROM a") == 1);
}

TEST_CASE_METHOD(Fresh, "a migration that was changed after it was applied is refused by name") {
  REQUIRE(run({first}));
  auto changed = first;
  changed.sql = "CREATE TABLE a (x TEXT)";
  const auto report = run({changed, second});
  REQUIRE_FALSE(report);
  CHECK(report.error().code == "migration_changed");
  CHECK_THAT(report.error().message, Catch::Contains("0001_first"));
  CHECK(tables("a_x") == 0);
}

TEST_CASE_METHOD(Fresh, "a database of a later release is refused") {
  REQUIRE(run({first, second}));
  const auto report = run({first});
  REQUIRE_FALSE(report);
  CHECK(report.error().code == "database_too_new");
  CHECK_THAT(report.error().message, Catch::Contains("schema version 2") && Catch::Contains("up to 1"));
}

TEST_CASE_METHOD(Fresh, "a migration that fails leaves nothing and keeps those before it") {
  const auto report = run({first, broken});
  REQUIRE_FALSE(report);
  CHECK(report.error().code == "store_failed");
  CHECK_THAT(report.error().message, Catch::Contains("0002_broken"));
  CHECK_THAT(report.error().detail, Catch::Contains("missing"));
  CHECK(tables("a") == 1);
  CHECK(tables("b") == 0);
  CHECK(integer_of(*database_, "SELECT max(version) FROM schema_migrations") == 1);
}

TEST_CASE_METHOD(Fresh, "a schema that is not up to date is refused by who may not change it") {
  const std::vector<Migration> both{first, second};
  CHECK_THAT(require_schema(*database_, both).error().message, Catch::Contains("lacks migration 0001_first"));
  CHECK(tables("schema_migrations") == 0);
  REQUIRE(run({first}));
  const auto outdated = require_schema(*database_, both);
  CHECK(outdated.error().code == "schema_outdated");
  CHECK_THAT(outdated.error().message, Catch::Contains("lacks migration 0002_second"));
  REQUIRE(run(both));
  CHECK(require_schema(*database_, both));
  CHECK(require_schema(*database_, {both.data(), 1}).error().code == "database_too_new");
}

TEST_CASE_METHOD(Fresh, "the migrations in the program make the schema of calls") {
  const auto report = migrate(*database_, migrations_for(*database_), clock_);
  REQUIRE(report);
  CHECK(report->applied.front() == "0001_calls");
  CHECK(report->version == migrations_for(*database_).back().version);
  for (const char* table : {"calls", "call_events", "inbox", "event_log", "outbox", "media_tokens", "nodes", "leases",
                            "call_participants", "call_recordings", "call_quality_metrics", "call_invitations"}) {
    CHECK(tables(table) == 1);
  }
}

}  // namespace
}  // namespace trunkline::store
