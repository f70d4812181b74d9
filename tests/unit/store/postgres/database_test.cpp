#include "support/postgres.hpp"
#include "support/scratch.hpp"

#include <trunkline/store/migrations.hpp>

#include <atomic>
#include <future>
#include <thread>

namespace trunkline::store {
namespace {

using test::execute;
using test::in;
using test::Psql;
using test::Schema;
using test::without_postgres;

std::unique_ptr<Database> open(const PostgresOptions& options) {
  auto opened = open_postgres(options);
  REQUIRE(opened);
  return std::move(*opened);
}

/// A database with one table. Made only where there is a Postgres.
struct OneTable {
  explicit OneTable(std::size_t connections = 4) : database(open(in(schema, connections))) {
    psql("CREATE TABLE a (x BIGINT PRIMARY KEY, y BIGINT NOT NULL DEFAULT 0)");
  }
  std::string count() { return psql("SELECT count(*) FROM a"); }

  Schema schema;
  Psql psql{schema.url()};
  std::unique_ptr<Database> database;
};

/// Two threads meet here once, the first time that each comes.
class Meeting {
 public:
  void wait() {
    ++there_;
    while (there_ < 2) std::this_thread::yield();
  }

 private:
  std::atomic<int> there_ = 0;
};

TEST_CASE("work on Postgres gives its value to who waits for it") {
  if (without_postgres()) return;
  OneTable table;
  const auto id = table.database->write_blocking<std::int64_t>([](Sql& sql) -> Result<std::int64_t> {
    return sql.query("INSERT INTO a VALUES ($1) RETURNING x * 2", {std::int64_t{21}}).at(0).integer(0);
  });
  CHECK(id.value() == 42);
  CHECK(table.count() == "1");
  CHECK(table.database->driver() == "postgres");
}

TEST_CASE("work on Postgres that fails leaves no trace") {
  if (without_postgres()) return;
  OneTable table;
  const auto own = table.database->write_blocking<void>([](Sql& sql) -> Result<> {
    sql.execute("INSERT INTO a VALUES (1)");
    return make_error("call_over", "the call is over", "detail");
  });
  CHECK(own.error() == make_error("call_over", "the call is over", "detail"));
  const auto thrown = table.database->write_blocking<void>([](Sql& sql) -> Result<> {
    sql.execute("INSERT INTO a VALUES (1)");
    throw std::runtime_error("a bug");
  });
  CHECK(thrown.error().detail == "a bug");
  const auto broken = execute(*table.database, "INSERT INTO a VALUES (1), (1)");
  CHECK(broken.error().code == "store_failed");
  CHECK_THAT(broken.error().detail, Catch::StartsWith("23505"));
  CHECK(table.count() == "0");
}

TEST_CASE("a failure that the work did not notice is an error, not half a commit") {
  if (without_postgres()) return;
  OneTable table;
  const auto done = table.database->write_blocking<void>([](Sql& sql) -> Result<> {
    sql.execute("INSERT INTO a VALUES (1)");
    CHECK_THROWS_AS(sql.execute("INSERT INTO a VALUES (1)"), SqlFailure);
    return {};
  });
  CHECK(done.error().message == "the change breaks a rule of the database");
  CHECK(table.count() == "0");
}

TEST_CASE("what the work made of a failure is its answer") {
  if (without_postgres()) return;
  OneTable table;
  const auto done = table.database->write_blocking<void>([](Sql& sql) -> Result<> {
    try {
      sql.execute("INSERT INTO a VALUES (1), (1)");
    } catch (const SqlFailure&) {
      return make_error("taken", "somebody else has it");
    }
    return {};
  });
  CHECK(done.error().code == "taken");
}

TEST_CASE("a deadlock is run again, and both come through") {
  if (without_postgres()) return;
  OneTable table;
  REQUIRE(execute(*table.database, "INSERT INTO a VALUES (1), (2)"));
  Meeting meeting;
  std::atomic<int> ran = 0;
  const auto change_both = [&](std::int64_t first, std::int64_t second) {
    return table.database->write_blocking<void>([&, first_time = true](Sql& sql) mutable -> Result<> {
      ++ran;
      sql.execute("UPDATE a SET y = y + 1 WHERE x = $1", {first});
      if (std::exchange(first_time, false)) meeting.wait();
      sql.execute("UPDATE a SET y = y + 1 WHERE x = $1", {second});
      return {};
    });
  };
  auto other = std::async(std::launch::async, change_both, 2, 1);
  CHECK(change_both(1, 2));
  CHECK(other.get());
  CHECK(ran >= 3);  // once more for each time that they met again
  CHECK(table.psql("SELECT min(y) || ' ' || max(y) FROM a") == "2 2");
}

TEST_CASE("a conflict is run again, though the work made an error of its own of it, but not for ever") {
  if (without_postgres()) return;
  OneTable table;
  int ran = 0;
  const auto conflicts = [&](int times) {
    ran = 0;
    return table.database->write_blocking<void>([&, times](Sql& sql) -> Result<> {
      sql.execute("INSERT INTO a VALUES (1)");
      if (ran++ >= times) return {};
      try {
        sql.execute("DO $$ BEGIN RAISE EXCEPTION 'conflict' USING ERRCODE = '40001'; END $$");
      } catch (const SqlFailure&) {
        return make_error("mine", "my own");
      }
      return {};
    });
  };
  CHECK(conflicts(3));
  CHECK(ran == 4);
  CHECK(table.count() == "1");
  table.psql("DELETE FROM a");
  const auto failed = conflicts(1000);
  CHECK(failed.error().code == "store_unavailable");
  CHECK(ran == 5);
  CHECK(table.count() == "0");
}

TEST_CASE("a statement that takes too long is ended, and said to") {
  if (without_postgres()) return;
  Schema schema;
  auto options = in(schema);
  options.statement_timeout = milliseconds(100);
  auto database = open(options);
  const auto slow = database->read_blocking<void>([](Sql& sql) -> Result<> {
    sql.query("SELECT pg_sleep(60)");
    return {};
  });
  CHECK(slow.error() == make_error("store_unavailable", "the database took too long; try again later",
                                   "57014: canceling statement due to statement timeout"));
  CHECK(test::integer_of(*database, "SELECT 1") == 1);
}

TEST_CASE("a migration may take longer than a statement may") {
  if (without_postgres()) return;
  Schema schema;
  auto options = in(schema);
  options.statement_timeout = milliseconds(100);
  auto database = open(options);
  const Migration slow{1, "0001_slow", "SELECT pg_sleep(0.3); CREATE TABLE b (x BIGINT)"};
  CHECK(migrate(*database, {&slow, 1}));
}

TEST_CASE("a row that somebody else holds is waited for, then reported") {
  if (without_postgres()) return;
  Schema schema;
  Psql holder(schema.url());
  holder("CREATE TABLE a (x BIGINT); INSERT INTO a VALUES (1)");
  holder("BEGIN; UPDATE a SET x = 2");
  auto options = in(schema);
  options.lock_timeout = milliseconds(100);
  auto database = open(options);
  const auto blocked = execute(*database, "UPDATE a SET x = 3");
  CHECK(blocked.error().code == "store_unavailable");
  CHECK_THAT(blocked.error().message, Catch::Contains("locked"));
  holder("COMMIT");
  CHECK(execute(*database, "UPDATE a SET x = 3").value() == 1);
}

TEST_CASE("a full queue on Postgres answers overloaded, reads go on, and what waits too long is told") {
  if (without_postgres()) return;
  Schema schema;
  auto options = in(schema);
  options.queue_limit = 1;
  options.wait_limit = milliseconds(200);
  auto database = open(options);
  std::promise<void> entered, leave;
  auto running = std::async(std::launch::async, [&] {
    return database->write_blocking<void>([&](Sql&) -> Result<> {
      entered.set_value();
      leave.get_future().wait();
      return {};
    });
  });
  entered.get_future().wait();
  const auto seven = [](Sql&) -> Result<int> { return 7; };
  auto waiting = std::async(std::launch::async, [&] { return database->write_blocking<int>(seven); });
  while (database->queued() == 0) std::this_thread::yield();

  const auto refused = database->write_blocking<int>(seven);
  CHECK(refused.error().code == "overloaded");
  CHECK_THAT(refused.error().message, Catch::Contains("write queue"));
  CHECK(database->read_blocking<int>(seven).value() == 7);
  const auto late = waiting.get();
  CHECK(late.error().code == "store_unavailable");
  CHECK_THAT(late.error().message, Catch::Contains("free in time"));
  leave.set_value();
  CHECK(running.get());
}

TEST_CASE("a closed Postgres finishes what was submitted and takes nothing more") {
  if (without_postgres()) return;
  OneTable table(2);
  std::vector<std::future<Result<std::int64_t>>> waiting;
  std::atomic<int> submitted = 0;
  for (int i = 0; i < 20; ++i) {
    waiting.push_back(std::async(std::launch::async, [&, i] {
      ++submitted;
      return execute(*table.database, "INSERT INTO a VALUES (" + std::to_string(i) + ")");
    }));
  }
  while (submitted < 20) std::this_thread::yield();
  table.database->stop();
  std::size_t stored = 0;
  for (auto& one : waiting) {
    const auto told = one.get();
    stored += told ? 1U : 0U;
    if (!told) CHECK_THAT(told.error().message, Catch::Contains("closed"));
  }
  CHECK(table.count() == std::to_string(stored));
  CHECK(execute(*table.database, "INSERT INTO a VALUES (99)").error().code == "store_unavailable");
}

TEST_CASE("nodes that start at once make the schema once") {
  if (without_postgres()) return;
  Schema schema;
  std::vector<std::future<Result<MigrationReport>>> nodes;
  for (int i = 0; i < 4; ++i) {
    nodes.push_back(std::async(std::launch::async, [&]() -> Result<MigrationReport> {
      auto database = open_postgres(in(schema));
      if (!database) return database.error();
      return migrate(**database, postgres_migrations());
    }));
  }
  std::size_t applied = 0;
  for (auto& node : nodes) {
    const auto report = node.get();
    REQUIRE(report);
    CHECK(report->version == postgres_migrations().back().version);
    applied += report->applied.size();
  }
  CHECK(applied == postgres_migrations().size());
}

TEST_CASE("the marks of long ago go when a database is opened") {
  if (without_postgres()) return;
  OneTable table;
  table.psql("INSERT INTO commit_marks VALUES ('old', 1, now() - INTERVAL '25 hours'), ('new', 1, now())");
  table.database = open(in(table.schema));
  CHECK(table.psql("SELECT string_agg(slot, ',') FROM commit_marks WHERE slot IN ('old', 'new')") == "new");
}

TEST_CASE("a role that may not make tables can use those that are there") {
  if (without_postgres()) return;
  OneTable table;
  const std::string role = "r" + table.schema.name();
  table.psql("CREATE ROLE " + role + " LOGIN PASSWORD 'x'; GRANT USAGE ON SCHEMA " + table.schema.name() + " TO " +
             role + "; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA " + table.schema.name() + " TO " +
             role);
  auto options = in(table.schema);
  options.url.replace(options.url.find("trunkline:only-for-tests"), 24, role + ":x");
  {
    auto database = open(options);
    CHECK(execute(*database, "INSERT INTO a VALUES (1)").value() == 1);
  }
  table.psql("DROP OWNED BY " + role + "; DROP ROLE " + role);
}

}  // namespace
}  // namespace trunkline::store
