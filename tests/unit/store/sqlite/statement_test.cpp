#include "store/sqlite/statement.hpp"

#include <catch2/catch.hpp>

namespace trunkline::store::sqlite {
namespace {

class Memory {
 protected:
  Memory() { REQUIRE(sqlite3_open(":memory:", &db_) == SQLITE_OK); }
  ~Memory() { sqlite3_close(db_); }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;

  std::vector<Row> run(std::string_view text, const std::vector<Value>& params = {}) {
    return Statement::only(db_, text).run(params);
  }

  sqlite3* db_ = nullptr;
};

TEST_CASE_METHOD(Memory, "values come back as they went in") {
  const std::string text("nul \0 and \xC3\xA9", 11);
  const auto rows = run("SELECT $1, $2, $3, $4, $5",
                        {std::monostate{}, std::int64_t{-9'007'199'254'740'993}, 0.1, text, std::string()});
  REQUIRE(rows.size() == 1);
  CHECK_FALSE(rows[0].integer_or_null(0));
  CHECK(rows[0].integer(1) == -9'007'199'254'740'993);
  CHECK(rows[0].real(2) == 0.1);
  CHECK(rows[0].text(3) == text);
  CHECK(rows[0].text(4).empty());
}

TEST_CASE_METHOD(Memory, "a parameter's number counts, not its place, and may repeat") {
  const auto rows = run("SELECT $2, $1, $2 || $1", {"a", "b"});
  CHECK(rows.at(0).text(0) == "b");
  CHECK(rows.at(0).text(1) == "a");
  CHECK(rows.at(0).text(2) == "ba");
}

TEST_CASE_METHOD(Memory, "ten and more parameters are told apart") {
  std::vector<Value> params;
  for (std::int64_t i = 1; i <= 11; ++i) params.emplace_back(i);
  CHECK(run("SELECT $1 + $2 + $3 + $4 + $5 + $6 + $7 + $8 + $9, $10, $11", params).at(0).integer(2) == 11);
}

TEST_CASE_METHOD(Memory, "too few and too many parameters are refused") {
  CHECK_THROWS_WITH(run("SELECT $1, $2", {"a"}), "the statement has parameters up to $2 and was given 1");
  CHECK_THROWS_WITH(run("SELECT $1", {"a", "b"}), "the statement has parameters up to $1 and was given 2");
}

TEST_CASE_METHOD(Memory, "parameters that Postgres would not understand are refused") {
  for (const char* text : {"SELECT ?", "SELECT :a", "SELECT @a", "SELECT $a", "SELECT $0", "SELECT $1::text"}) {
    CHECK_THROWS_WITH(run(text, {"a"}), Catch::StartsWith("parameters are written $1"));
  }
}

TEST_CASE_METHOD(Memory, "a statement text holds exactly one statement") {
  CHECK_THROWS_AS(run("SELECT 1; SELECT 2"), SqlFailure);
  CHECK_THROWS_AS(run(" -- nothing"), SqlFailure);
  CHECK(run("SELECT 1; -- and no more\n").size() == 1);
}

TEST_CASE_METHOD(Memory, "a blob is refused") {
  CHECK_THROWS_WITH(run("SELECT x'00'"), "column 0 is a blob");
}

TEST_CASE_METHOD(Memory, "a script is taken apart statement by statement") {
  std::string_view script = "CREATE TABLE a (x); -- ; no end\n INSERT INTO a VALUES (';'); \n";
  REQUIRE(Statement::next(db_, script)->run({}).empty());
  REQUIRE(Statement::next(db_, script)->run({}).empty());
  CHECK_FALSE(Statement::next(db_, script));
  CHECK(run("SELECT x FROM a").at(0).text(0) == ";");
}

TEST_CASE_METHOD(Memory, "a failure says its kind and what SQLite says") {
  run("CREATE TABLE a (x UNIQUE)");
  run("INSERT INTO a VALUES (1)");
  try {
    run("INSERT INTO a VALUES (1)");
    FAIL("a second 1 was accepted");
  } catch (const SqlFailure& failure) {
    CHECK(failure.kind() == SqlFailure::Kind::constraint);
    CHECK_THAT(failure.what(), Catch::Contains("UNIQUE constraint failed: a.x"));
  }
}

TEST_CASE_METHOD(Memory, "a statement runs again after it has failed") {
  run("CREATE TABLE a (x UNIQUE)");
  auto insert = Statement::only(db_, "INSERT INTO a VALUES ($1)");
  const std::vector<Value> one{std::int64_t{1}}, two{std::int64_t{2}};
  insert.run(one);
  CHECK_THROWS_AS(insert.run(one), SqlFailure);
  insert.run(two);
  CHECK(run("SELECT count(*) FROM a").at(0).integer(0) == 2);
}

TEST_CASE_METHOD(Memory, "every result of SQLite has its kind") {
  using Kind = SqlFailure::Kind;
  CHECK(failure_of(db_, SQLITE_BUSY_SNAPSHOT).kind() == Kind::busy);
  CHECK(failure_of(db_, SQLITE_FULL).kind() == Kind::full);
  CHECK(failure_of(db_, SQLITE_READONLY_DIRECTORY).kind() == Kind::read_only);
  CHECK(failure_of(db_, SQLITE_IOERR_FSYNC).kind() == Kind::unavailable);
  CHECK(failure_of(db_, SQLITE_CANTOPEN_ISDIR).kind() == Kind::unavailable);
  CHECK(failure_of(db_, SQLITE_NOTADB).kind() == Kind::damaged);
  CHECK(failure_of(db_, SQLITE_CORRUPT_INDEX).kind() == Kind::damaged);
  CHECK(failure_of(db_, SQLITE_NOMEM).kind() == Kind::other);
}

TEST_CASE_METHOD(Memory, "the cache prepares a text once and keeps those used last") {
  StatementCache cache(db_, 2);
  Statement* one = &cache.get("SELECT 1");
  cache.get("SELECT 2");
  CHECK(&cache.get("SELECT 1") == one);
  cache.get("SELECT 3");  // puts out SELECT 2, which was used longest ago
  CHECK(cache.size() == 2);
  CHECK(&cache.get("SELECT 1") == one);
  CHECK(cache.get("SELECT 2").run({}).at(0).integer(0) == 2);
  CHECK(cache.size() == 2);
}

TEST_CASE_METHOD(Memory, "a text that cannot be prepared does not take a place in the cache") {
  StatementCache cache(db_, 1);
  cache.get("SELECT 1");
  CHECK_THROWS_AS(cache.get("SELECT missing"), SqlFailure);
  CHECK(cache.size() == 1);
  CHECK(cache.get("SELECT 1").run({}).size() == 1);
}

}  // namespace
}  // namespace trunkline::store::sqlite
