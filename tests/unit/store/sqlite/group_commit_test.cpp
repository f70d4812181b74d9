#include "store/sqlite/group_commit.hpp"

#include "support/scratch.hpp"

namespace trunkline::store::sqlite {
namespace {

/// Jobs that were told how they ended, by their order.
struct Batch {
  Batch() {
    connection.control("BEGIN");
    connection.script("CREATE TABLE a (x INTEGER UNIQUE)");
    connection.control("COMMIT");
  }

  void add(std::function<Result<>(Sql&)> work) {
    const auto index = ends.size();
    ends.emplace_back(make_error("not_told", ""));
    jobs.push_back({std::move(work), [this, index](Result<> end) {
                      ++told;
                      ends[index] = std::move(end);
                    }});
  }
  void add_insert(std::int64_t x) {
    add([x](Sql& sql) -> Result<> {
      sql.execute("INSERT INTO a VALUES ($1)", {x});
      return {};
    });
  }
  void run() { commit_together(connection, jobs); }

  /// What a connection of its own sees: committed rows only.
  std::int64_t committed() const {
    Connection reader(folder / "calls.db", Connection::Mode::read, milliseconds{0});
    reader.control("BEGIN");
    return reader.query("SELECT count(*) FROM a").at(0).integer(0);
  }

  test::TemporaryFolder folder;
  Connection connection{folder / "calls.db", Connection::Mode::write, milliseconds{0}};
  std::vector<Job> jobs;
  std::vector<Result<>> ends;
  int told = 0;
};

TEST_CASE_METHOD(Batch, "one job that fails among many is undone alone") {
  for (std::int64_t x = 0; x < 10; ++x) add_insert(x);
  add([](Sql& sql) -> Result<> {
    sql.execute("INSERT INTO a VALUES (100)");
    sql.execute("INSERT INTO a VALUES (5)");  // is there: throws
    return {};
  });
  add([](Sql& sql) -> Result<> {
    sql.execute("INSERT INTO a VALUES (101)");
    return make_error("call_over", "the call is over");
  });
  add([](Sql& sql) -> Result<> {
    sql.execute("INSERT INTO a VALUES (102)");
    throw std::logic_error("a bug");
  });
  for (std::int64_t x = 10; x < 20; ++x) add_insert(x);
  run();

  CHECK(told == 23);
  CHECK(ends[10].error().code == "store_failed");
  CHECK(ends[11].error() == make_error("call_over", "the call is over"));
  CHECK(ends[12].error().detail == "a bug");
  for (std::size_t i = 0; i < ends.size(); ++i) CHECK(ends[i].has_value() == (i < 10 || i > 12));
  CHECK(committed() == 20);
}

TEST_CASE_METHOD(Batch, "a job is told only after what all did can be seen by everybody") {
  std::vector<std::int64_t> seen;
  for (std::int64_t x = 0; x < 3; ++x) add_insert(x);
  for (Job& job : jobs) job.done = [&](const Result<>&) { seen.push_back(committed()); };
  run();
  CHECK(seen == std::vector<std::int64_t>{3, 3, 3});
}

TEST_CASE_METHOD(Batch, "later jobs of a batch see what earlier ones did") {
  add_insert(7);
  std::int64_t found = 0;
  add([&found](Sql& sql) -> Result<> {
    found = sql.query("SELECT count(*) FROM a WHERE x = 7").at(0).integer(0);
    return {};
  });
  run();
  CHECK(found == 1);
}

TEST_CASE_METHOD(Batch, "a commit that fails fails every job, and the next batch goes on") {
  connection.control("BEGIN");
  connection.script("CREATE TABLE child (x REFERENCES a (x) DEFERRABLE INITIALLY DEFERRED)");
  connection.control("COMMIT");
  add_insert(1);
  add([](Sql&) -> Result<> { return make_error("call_over", "the call is over"); });
  add([](Sql& sql) -> Result<> {
    sql.execute("INSERT INTO child VALUES (99)");  // no such parent: noticed at the commit
    return {};
  });
  run();
  CHECK(ends[0].error().code == "store_failed");
  CHECK_THAT(ends[0].error().detail, Catch::Contains("FOREIGN KEY"));
  CHECK(ends[1].error().code == "call_over");
  CHECK(ends[2].error() == ends[0].error());
  CHECK(committed() == 0);

  jobs.clear();
  add_insert(1);
  run();
  CHECK(committed() == 1);
}

TEST_CASE_METHOD(Batch, "a begin that fails fails every job without running one") {
  Connection other(folder / "calls.db", Connection::Mode::write, milliseconds{0});
  other.control("BEGIN IMMEDIATE");
  int ran = 0;
  for (int i = 0; i < 3; ++i) {
    add([&ran](Sql&) -> Result<> {
      ++ran;
      return {};
    });
  }
  run();
  CHECK(told == 3);
  CHECK(ran == 0);
  for (const auto& end : ends) CHECK_THAT(end.error().message, Catch::Contains("locked"));
}

TEST_CASE_METHOD(Batch, "a full disk fails the jobs it undoes, and no others") {
  connection.control("BEGIN");
  connection.script("CREATE TABLE big (x)");
  const auto pages = connection.query("PRAGMA page_count").at(0).integer(0);
  connection.control("COMMIT");
  connection.control("PRAGMA max_page_count = " + std::to_string(pages));

  add_insert(1);
  bool went_on = false;
  add([&went_on](Sql& sql) -> Result<> {
    try {
      sql.execute("INSERT INTO big VALUES (zeroblob(100000))");
    } catch (const SqlFailure& failure) {
      CHECK(failure.kind() == SqlFailure::Kind::full);
    }
    // SQLite has dropped the transaction: whatever came now would be committed for itself.
    sql.execute("INSERT INTO a VALUES (50)");
    went_on = true;
    return {};
  });
  add_insert(3);
  run();

  CHECK_FALSE(went_on);
  CHECK(ends[0].error().code == "store_unavailable");
  CHECK(ends[1].error().code == "store_unavailable");
  CHECK(ends[2].has_value());
  CHECK(committed() == 1);
}

TEST_CASE_METHOD(Batch, "a job that ends the transaction itself is told that it failed") {
  add([](Sql& sql) -> Result<> {
    sql.execute("ROLLBACK");
    return {};
  });
  add_insert(1);
  run();
  CHECK_FALSE(ends[0]);
  CHECK(ends[1].has_value());
  CHECK(committed() == 1);
}

TEST_CASE_METHOD(Batch, "a read sees one view however long it takes, and the next one the present") {
  Connection reader(folder / "calls.db", Connection::Mode::read, milliseconds{0});
  add_insert(1);
  const auto count = [](Sql& sql) { return sql.query("SELECT count(*) FROM a").at(0).integer(0); };
  std::vector<std::int64_t> counts;
  Job slow{[&](Sql& sql) -> Result<> {
             counts.push_back(count(sql));
             run();
             counts.push_back(count(sql));
             return {};
           },
           [](const Result<>& end) { CHECK(end.has_value()); }};
  read_alone(reader, slow);
  CHECK(counts == std::vector<std::int64_t>{0, 0});

  Job next{[&](Sql& sql) -> Result<> {
             counts.push_back(count(sql));
             return make_error("call_not_found", "no such call");
           },
           [](const Result<>& end) { CHECK(end.error().code == "call_not_found"); }};
  read_alone(reader, next);
  CHECK(counts.back() == 1);
}

}  // namespace
}  // namespace trunkline::store::sqlite
