#include "store/sqlite/connection.hpp"

#include "support/scratch.hpp"

namespace trunkline::store::sqlite {
namespace {

using Mode = Connection::Mode;

struct Writer {
  test::TemporaryFolder folder;
  Connection connection{folder / "calls.db", Mode::write, milliseconds{0}};
};

std::string failure_in(Connection& connection, std::string_view statement) {
  try {
    connection.execute(statement);
  } catch (const SqlFailure& failure) {
    return failure.what();
  }
  return "none";
}

TEST_CASE_METHOD(Writer, "a writer is durable and checks foreign keys") {
  connection.control("BEGIN");
  CHECK(connection.query("PRAGMA journal_mode").at(0).text(0) == "wal");
  CHECK(connection.query("PRAGMA synchronous").at(0).integer(0) == 2);
  CHECK(connection.query("PRAGMA foreign_keys").at(0).integer(0) == 1);
}

TEST_CASE_METHOD(Writer, "statements need a transaction") {
  CHECK(failure_in(connection, "CREATE TABLE a (x)") == "the transaction is over");
  CHECK_THROWS_AS(connection.script("CREATE TABLE a (x)"), SqlFailure);
  connection.control("BEGIN");
  CHECK(failure_in(connection, "CREATE TABLE a (x)") == "none");
}

TEST_CASE_METHOD(Writer, "execute counts the rows that changed") {
  connection.control("BEGIN");
  CHECK(connection.execute("CREATE TABLE a (x)") == 0);
  CHECK(connection.execute("INSERT INTO a VALUES ($1), ($2)", {std::int64_t{1}, std::int64_t{2}}) == 2);
  CHECK(connection.execute("CREATE TABLE b (x)") == 0);
  CHECK(connection.execute("UPDATE a SET x = 3 WHERE x > 5") == 0);
  CHECK(connection.execute("DELETE FROM a WHERE x = 1") == 1);
}

TEST_CASE_METHOD(Writer, "a returning clause gives its rows and does its work") {
  connection.control("BEGIN");
  connection.script("CREATE TABLE a (id INTEGER PRIMARY KEY, x); INSERT INTO a (x) VALUES (7);");
  CHECK(connection.query("INSERT INTO a (x) VALUES ($1) RETURNING id", {"b"}).at(0).integer(0) == 2);
  CHECK(connection.query("SELECT id FROM a").size() == 2);
}

TEST_CASE_METHOD(Writer, "a rolled back transaction leaves nothing") {
  connection.control("BEGIN");
  connection.execute("CREATE TABLE a (x)");
  connection.roll_back();
  CHECK_FALSE(connection.in_transaction());
  connection.control("BEGIN");
  CHECK_THAT(failure_in(connection, "INSERT INTO a VALUES (1)"), Catch::Contains("no such table"));
}

TEST_CASE_METHOD(Writer, "a reader refuses to change anything, and says that it is a reader") {
  Connection reader(folder / "calls.db", Mode::read, milliseconds{0});
  reader.control("BEGIN");
  CHECK(failure_in(reader, "CREATE TABLE a (x)") == "a read may not change the database");
  CHECK_THROWS_WITH(reader.script("CREATE TABLE a (x)"), "a read may not change the database");
}

TEST_CASE_METHOD(Writer, "another program that holds the file is waited for, then reported as busy") {
  Connection other(folder / "calls.db", Mode::write, milliseconds{0});
  other.control("BEGIN IMMEDIATE");
  try {
    connection.control("BEGIN IMMEDIATE");
    FAIL("two writers at once");
  } catch (const SqlFailure& failure) {
    CHECK(failure.kind() == SqlFailure::Kind::busy);
  }
}

}  // namespace
}  // namespace trunkline::store::sqlite
