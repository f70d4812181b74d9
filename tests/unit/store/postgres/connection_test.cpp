#include "store/postgres/connection.hpp"

#include "support/postgres.hpp"
#include "support/scratch.hpp"

#include <limits>

namespace trunkline::store::postgres {
namespace {

using Mode = Connection::Mode;
using test::Psql;
using test::Schema;
using test::without_postgres;

/// One connection in a schema of its own. Made only where there is a Postgres.
struct Linked {
  Linked() {
    connection.prepare_database();
    psql("CREATE TABLE a (x BIGINT UNIQUE, y TEXT)");
    connection.begin(Mode::write);
  }

  /// What the server says about this session.
  std::string setting(const std::string& name) {
    return connection.query("SELECT current_setting('" + name + "')").at(0).text(0);
  }
  std::int64_t integer(std::string_view query) { return connection.query(query).at(0).integer(0); }

  Schema schema;
  Psql psql{schema.url()};
  Connection connection{test::in(schema), "slot"};
};

/// The kind of what `step` throws.
template <class Step>
SqlFailure::Kind kind_of(Step step) {
  try {
    step();
  } catch (const SqlFailure& failure) {
    UNSCOPED_INFO(failure.what());
    return failure.kind();
  }
  FAIL("nothing was thrown");
  return {};
}

TEST_CASE("a session is durable, bounded and named") {
  if (without_postgres()) return;
  Linked linked;
  CHECK(linked.setting("synchronous_commit") == "on");
  CHECK(linked.setting("statement_timeout") == "5s");
  CHECK(linked.setting("lock_timeout") == "3s");
  CHECK(linked.setting("idle_in_transaction_session_timeout") == "5s");
  CHECK(linked.setting("application_name") == "trunkline");
  CHECK(linked.setting("client_encoding") == "UTF8");
  CHECK(linked.setting("transaction_isolation") == "read committed");
  linked.connection.commit();
  linked.connection.begin(Mode::read);
  CHECK(linked.setting("transaction_isolation") == "repeatable read");
  CHECK(linked.setting("transaction_read_only") == "on");
}

TEST_CASE("a role that does not wait for the disk waits here") {
  if (without_postgres()) return;
  Schema schema;
  auto options = test::in(schema);
  options.url += "%20-csynchronous_commit%3Doff";
  Connection connection(options, "slot");
  connection.begin(Mode::read);
  CHECK(connection.query("SELECT current_setting('synchronous_commit')").at(0).text(0) == "on");
}

TEST_CASE("values go in and come out as they are") {
  if (without_postgres()) return;
  Linked linked;
  auto& connection = linked.connection;
  connection.script("CREATE TABLE v (i BIGINT, r DOUBLE PRECISION, t TEXT)");
  const std::int64_t least = std::numeric_limits<std::int64_t>::min();
  const std::string text = "quote ' back\\slash \xC3\xBC \xF0\x9F\x93\x9E\n\x01 $1";
  connection.execute("INSERT INTO v VALUES ($1, $2, $3), ($4, $5, $6)", {least, 0.1, text, Value(), Value(), Value()});
  const auto rows = connection.query("SELECT i, r, t FROM v ORDER BY i");
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].integer(0) == least);
  CHECK(rows[0].real(1) == 0.1);
  CHECK(rows[0].text(2) == text);
  CHECK_FALSE(rows[1].integer_or_null(0));
  CHECK_FALSE(rows[1].real_or_null(1));
  CHECK_FALSE(rows[1].text_or_null(2));
}

TEST_CASE("results have the types that SQLite would give them") {
  if (without_postgres()) return;
  Linked linked;
  const auto row = linked.connection
                       .query(
                           "SELECT CAST(1 AS SMALLINT), 2, true, false, sum(x), avg(x), 0.5, CAST('NaN' AS REAL), "
                           "CAST('{}' AS JSONB) "
                           "FROM (VALUES (CAST(1 AS BIGINT)), (2)) AS v (x)")
                       .at(0);
  CHECK(row.integer(0) == 1);
  CHECK(row.integer(1) == 2);
  CHECK(row.integer(2) == 1);
  CHECK(row.integer(3) == 0);
  CHECK(row.integer(4) == 3);
  CHECK(row.real(5) == 1.5);
  CHECK(row.real(6) == 0.5);
  CHECK(row.real(7) != row.real(7));
  CHECK(row.text(8) == "{}");
  CHECK(linked.connection.query("SELECT $1 + 1, $2 || 'x'", {std::int64_t{1} << 40, "y"}).at(0).integer(0) ==
        (std::int64_t{1} << 40) + 1);
  CHECK(kind_of([&] { linked.connection.query("SELECT CAST('x' AS BYTEA)"); }) == SqlFailure::Kind::other);
}

TEST_CASE("one statement takes null and other values in the same place") {
  if (without_postgres()) return;
  Linked linked;
  for (const Value& value : {Value(), Value(std::int64_t{7}), Value()}) {
    linked.connection.execute("INSERT INTO a VALUES (COALESCE($1, (SELECT count(*) FROM a)), $2)", {value, Value()});
  }
  CHECK(linked.integer("SELECT sum(x) FROM a") == 0 + 7 + 2);
}

TEST_CASE("a statement is given as many parameters as it has") {
  if (without_postgres()) return;
  Linked linked;
  CHECK_THROWS_WITH(linked.connection.query("SELECT $2"), "the statement has parameters up to $2 and was given 0");
  CHECK_THROWS_WITH(linked.connection.query("SELECT 1", {"x"}),
                    "the statement has parameters up to $0 and was given 1");
  CHECK(linked.integer("SELECT 1") == 1);  // nothing was sent: the transaction lives
}

TEST_CASE("execute counts the rows that changed in Postgres") {
  if (without_postgres()) return;
  Linked linked;
  auto& connection = linked.connection;
  CHECK(connection.execute("CREATE TABLE b (x BIGINT)") == 0);
  CHECK(connection.execute("INSERT INTO b VALUES ($1), ($2)", {std::int64_t{1}, std::int64_t{2}}) == 2);
  CHECK(connection.execute("UPDATE b SET x = 3 WHERE x > 5") == 0);
  CHECK(connection.execute("DELETE FROM b WHERE x = 1 RETURNING x") == 1);
  CHECK(connection.execute("SELECT * FROM b") == 0);
}

TEST_CASE("what is posted is done before what comes next, and before the commit") {
  if (without_postgres()) return;
  Linked linked;
  auto& connection = linked.connection;
  for (std::int64_t x = 1; x <= 3; ++x) connection.post("INSERT INTO a (x) VALUES ($1)", {x});
  CHECK(linked.psql("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'INSERT INTO a%'") == "0");
  CHECK(linked.integer("SELECT count(*) FROM a") == 3);
  CHECK(linked.integer("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'INSERT INTO a%'") == 1);
  connection.post("DELETE FROM a WHERE x = 1");
  CHECK_FALSE(connection.commit());
  CHECK(linked.psql("SELECT count(*) FROM a") == "2");
  connection.begin(Mode::write);
  connection.post("DELETE FROM a");
  CHECK_FALSE(connection.commit());
  CHECK(linked.psql("SELECT count(*) FROM a") == "0");
}

TEST_CASE("what is posted and fails, fails what comes next, or the commit") {
  if (without_postgres()) return;
  Linked linked;
  auto& connection = linked.connection;
  connection.post("INSERT INTO a (x) VALUES (1), (1)");
  CHECK(kind_of([&] { connection.query("SELECT 1"); }) == SqlFailure::Kind::constraint);
  connection.roll_back();
  connection.begin(Mode::write);
  connection.execute("INSERT INTO a (x) VALUES (1)");
  connection.post("INSERT INTO a (x) VALUES (1)");
  CHECK(kind_of([&] { connection.commit(); }) == SqlFailure::Kind::constraint);
  connection.roll_back();
  CHECK_FALSE(connection.broken());
  CHECK(linked.psql("SELECT count(*) FROM a") == "0");
  CHECK_THROWS_AS(connection.post("SELECT 1"), SqlFailure);
}

TEST_CASE("values that the database cannot hold are told apart from broken rules") {
  if (without_postgres()) return;
  Linked linked;
  auto& connection = linked.connection;
  const auto fails = [&](std::string_view statement, std::vector<Value> params) {
    const auto kind = kind_of([&] { connection.execute(statement, std::span<const Value>(params)); });
    connection.roll_back();
    connection.begin(Mode::write);
    return kind;
  };
  using Kind = SqlFailure::Kind;
  linked.psql("CREATE TABLE narrow (word VARCHAR(3), number SMALLINT)");
  CHECK(fails("INSERT INTO narrow (word) VALUES ($1)", {"four"}) == Kind::value);
  CHECK(fails("INSERT INTO narrow (number) VALUES ($1)", {std::int64_t{40'000}}) == Kind::value);
  CHECK(fails("INSERT INTO a (y) VALUES ($1)", {"\xFF"}) == Kind::value);
  CHECK(fails("INSERT INTO a (y) VALUES ($1)", {"\xED\xA0\x80"}) == Kind::value);  // half of a surrogate pair
  CHECK(fails("INSERT INTO a (y) VALUES ($1)", {std::string("a\0b", 3)}) == Kind::value);
  CHECK(fails("INSERT INTO a (x) VALUES (1), (1)", {}) == Kind::constraint);
  CHECK(fails("SELECT missing FROM a", {}) == Kind::other);
}

TEST_CASE("after the first failure every statement fails, and so does the commit") {
  if (without_postgres()) return;
  Linked linked;
  auto& connection = linked.connection;
  connection.execute("INSERT INTO a VALUES (1)");
  CHECK(kind_of([&] { connection.execute("INSERT INTO a VALUES (1)"); }) == SqlFailure::Kind::constraint);
  CHECK(kind_of([&] { connection.query("SELECT 1"); }) == SqlFailure::Kind::constraint);
  CHECK(kind_of([&] { connection.commit(); }) == SqlFailure::Kind::constraint);
  connection.roll_back();
  CHECK(linked.psql("SELECT count(*) FROM a") == "0");
}

TEST_CASE("a rule that is looked at in the commit fails the commit") {
  if (without_postgres()) return;
  Linked linked;
  auto& connection = linked.connection;
  connection.script("CREATE TABLE child (x BIGINT REFERENCES a (x) DEFERRABLE INITIALLY DEFERRED)");
  CHECK_FALSE(connection.commit());
  connection.begin(Mode::write);
  connection.execute("INSERT INTO child VALUES (99)");
  CHECK(kind_of([&] { connection.commit(); }) == SqlFailure::Kind::constraint);
  CHECK_FALSE(connection.broken());
}

TEST_CASE("statements need a transaction, and may not end it") {
  if (without_postgres()) return;
  Linked linked;
  auto& connection = linked.connection;
  CHECK(kind_of([&] { connection.execute("ROLLBACK"); }) == SqlFailure::Kind::unavailable);
  CHECK(kind_of([&] { connection.commit(); }) == SqlFailure::Kind::unavailable);
  connection.roll_back();
  CHECK_THROWS_WITH(connection.query("SELECT 1"), "the transaction is over");
  connection.begin(Mode::write);
  CHECK(linked.integer("SELECT 1") == 1);
}

TEST_CASE("a transaction without a statement is none") {
  if (without_postgres()) return;
  Linked linked;
  CHECK_FALSE(linked.connection.commit());
  CHECK(linked.psql("SELECT count(*) FROM commit_marks") == "0");
}

TEST_CASE("a script has several statements, and they fail together") {
  if (without_postgres()) return;
  Linked linked;
  auto& connection = linked.connection;
  connection.script("CREATE TABLE b (x BIGINT); INSERT INTO b VALUES (7); -- a comment\n");
  CHECK(linked.integer("SELECT x FROM b") == 7);
  CHECK_THROWS_WITH(connection.script("INSERT INTO b VALUES (8); INSERT INTO missing VALUES (1)"),
                    Catch::Contains("missing"));
  connection.roll_back();
  CHECK(linked.psql("SELECT to_regclass('b') IS NULL") == "t");
}

TEST_CASE("a read may not change the database, and the connection stays") {
  if (without_postgres()) return;
  Linked linked;
  auto& connection = linked.connection;
  connection.begin(Mode::read);
  CHECK_THROWS_WITH(connection.execute("INSERT INTO a VALUES (1)"), "a read may not change the database");
  CHECK_FALSE(connection.broken());
}

TEST_CASE("a server that may not be written is read-only, and another is looked for") {
  if (without_postgres()) return;
  Linked linked;
  auto& connection = linked.connection;
  connection.execute("SET TRANSACTION READ ONLY");  // as a standby has it
  CHECK(kind_of([&] { connection.execute("INSERT INTO a VALUES (1)"); }) == SqlFailure::Kind::read_only);
  CHECK(connection.broken());
}

TEST_CASE("statements are prepared once, those of long ago are forgotten") {
  if (without_postgres()) return;
  Linked linked;
  const auto prepared = [&] { return linked.integer("SELECT count(*) FROM pg_prepared_statements"); };
  const auto before = prepared();
  for (int i = 0; i < 3; ++i) linked.connection.query("SELECT 'twice'");
  CHECK(prepared() == before + 1);
  for (int i = 0; i < 300; ++i) linked.connection.query("SELECT " + std::to_string(i));
  CHECK(prepared() <= 256 + 1);  // what was put out is forgotten with the next message
  CHECK(linked.integer("SELECT count(*) FROM a") == 0);
}

TEST_CASE("a statement that fails is prepared once, too") {
  if (without_postgres()) return;
  Linked linked;
  auto& connection = linked.connection;
  for (int i = 0; i < 5; ++i) {
    CHECK_THROWS_AS(connection.execute("INSERT INTO a VALUES (1), (1)"), SqlFailure);
    connection.roll_back();
    connection.begin(Mode::write);
  }
  CHECK(linked.integer("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'INSERT INTO a%'") == 1);
}

TEST_CASE("a table that was changed under a prepared statement costs a connection, not an error") {
  if (without_postgres()) return;
  Linked linked;
  auto& connection = linked.connection;
  connection.query("SELECT * FROM a");
  connection.commit();
  linked.psql("ALTER TABLE a ALTER COLUMN y TYPE VARCHAR(9)");
  connection.begin(Mode::write);
  try {
    connection.query("SELECT * FROM a");
    FAIL("nothing was thrown");
  } catch (const Failure& failure) {
    CHECK(failure.remedy() == Remedy::reconnect);
  }
  CHECK(connection.broken());
}

TEST_CASE("much goes both ways at once") {
  if (without_postgres()) return;
  Linked linked;
  const std::string big(20'000'000, 'x');
  CHECK(linked.connection.query("SELECT $1 || 'y'", {big}).at(0).text(0) == big + "y");
}

}  // namespace
}  // namespace trunkline::store::postgres
