#include "support/scratch.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include <sys/fsuid.h>
#include <sys/stat.h>

#include <fstream>
#include <future>

namespace trunkline::store {
namespace {

using test::at;
using test::execute;
using test::integer_of;
namespace fs = std::filesystem;

struct OneTable {
  OneTable() { REQUIRE(execute(*database, "CREATE TABLE a (x INTEGER)")); }

  test::TemporaryFolder folder;
  std::unique_ptr<Database> database = test::open(at(folder / "calls.db"));
};

/// The files of this thread belong to nobody meanwhile: root may write where it says read-only.
class AsNobody {
 public:
  AsNobody() : before_(static_cast<uid_t>(::setfsuid(65534))) {}
  ~AsNobody() { ::setfsuid(before_); }
  AsNobody(const AsNobody&) = delete;
  AsNobody& operator=(const AsNobody&) = delete;

 private:
  uid_t before_;
};

Error refused(const fs::path& path) {
  const auto opened = open_sqlite(at(path));
  REQUIRE_FALSE(opened);
  return opened.error();
}

TEST_CASE_METHOD(OneTable, "work gives its value to who waits for it") {
  const auto id = database->write_blocking<std::int64_t>([](Sql& sql) -> Result<std::int64_t> {
    return sql.query("INSERT INTO a VALUES ($1) RETURNING x * 2", {std::int64_t{21}}).at(0).integer(0);
  });
  CHECK(id.value() == 42);
  CHECK(integer_of(*database, "SELECT x FROM a") == 21);
  CHECK(database->driver() == "sqlite");
}

TEST_CASE_METHOD(OneTable, "work that returns an error leaves no trace and the error arrives as it is") {
  const auto failed = database->write_blocking<std::string>([](Sql& sql) -> Result<std::string> {
    sql.execute("INSERT INTO a VALUES (1)");
    return make_error("call_over", "the call is over", "detail");
  });
  CHECK(failed.error() == make_error("call_over", "the call is over", "detail"));
  CHECK(integer_of(*database, "SELECT count(*) FROM a") == 0);
}

TEST_CASE_METHOD(OneTable, "work that throws leaves no trace and becomes an error") {
  const auto failed = database->write_blocking<void>([](Sql& sql) -> Result<> {
    sql.execute("INSERT INTO a VALUES (1)");
    sql.execute("INSERT INTO missing VALUES (1)");
    return {};
  });
  CHECK(failed.error().code == "store_failed");
  CHECK_THAT(failed.error().detail, Catch::Contains("no such table: missing"));
  CHECK(integer_of(*database, "SELECT count(*) FROM a") == 0);
}

TEST_CASE_METHOD(OneTable, "another may read beside the process that writes, and change nothing") {
  REQUIRE(execute(*database, "INSERT INTO a VALUES (1)"));
  auto options = at(folder / "calls.db");
  options.only_to_read = true;
  const auto reader = test::open(options);
  CHECK(integer_of(*reader, "SELECT sum(x) FROM a") == 1);
  const auto seen = reader->read_blocking<std::int64_t>([&](Sql& sql) -> Result<std::int64_t> {
    const auto before = sql.query("SELECT sum(x) FROM a").at(0).integer(0);
    (void)execute(*database, "INSERT INTO a VALUES (41)");
    return sql.query("SELECT sum(x) FROM a").at(0).integer(0) - before;
  });
  CHECK(seen.value() == 0);
  CHECK(integer_of(*reader, "SELECT sum(x) FROM a") == 42);
  CHECK(execute(*reader, "INSERT INTO a VALUES (1)").error().code == "store_unavailable");

  database.reset();
  const auto alone = test::open(options);
  CHECK(integer_of(*alone, "SELECT sum(x) FROM a") == 42);
  database = test::open(at(folder / "calls.db"));  // the lock is free
  REQUIRE(execute(*database, "INSERT INTO a VALUES (1)"));
  CHECK(integer_of(*alone, "SELECT sum(x) FROM a") == 43);
}

TEST_CASE("who only reads makes no file") {
  const test::TemporaryFolder folder;
  auto options = at(folder / "data" / "calls.db");
  options.only_to_read = true;
  CHECK(open_sqlite(options).error().code == "store_unavailable");
  CHECK_FALSE(fs::exists(folder / "data"));
}

TEST_CASE_METHOD(OneTable, "work may own what cannot be copied") {
  auto owned = std::make_unique<std::int64_t>(5);
  const auto sum = database->read_blocking<std::int64_t>([owned = std::move(owned)](Sql& sql) -> Result<std::int64_t> {
    return sql.query("SELECT $1 + 1", {*owned}).at(0).integer(0);
  });
  CHECK(sum.value() == 6);
}

TEST_CASE_METHOD(OneTable, "a read that writes is refused") {
  const auto failed = database->read_blocking<std::int64_t>(
      [](Sql& sql) -> Result<std::int64_t> { return sql.execute("INSERT INTO a VALUES (1)"); });
  CHECK(failed.error().code == "store_failed");
  CHECK(failed.error().detail == "a read may not change the database");
}

TEST_CASE_METHOD(OneTable, "a second database on the file is refused until the first has gone") {
  const auto error = refused(folder / "calls.db");
  CHECK(error.code == "data_dir_in_use");
  REQUIRE(execute(*database, "INSERT INTO a VALUES (8)"));
  database.reset();
  database = test::open(at(folder / "calls.db"));
  CHECK(integer_of(*database, "SELECT x FROM a") == 8);
}

TEST_CASE("a full queue answers overloaded, and what was taken still runs") {
  const test::TemporaryFolder folder;
  auto options = at(folder / "calls.db");
  options.queue_limit = 1;
  auto database = test::open(options);

  std::promise<void> entered;
  std::promise<void> leave;
  auto running = std::async(std::launch::async, [&] {
    return database->write_blocking<void>([&](Sql&) -> Result<> {
      entered.set_value();
      leave.get_future().wait();
      return {};
    });
  });
  entered.get_future().wait();

  asio::io_context loop;
  Result<int> waiting = make_error("not_told", "");
  const auto seven = [](Sql&) -> Result<int> { return 7; };
  const auto write_seven = [&]() -> asio::awaitable<void> { waiting = co_await database->write<int>(seven); };
  asio::co_spawn(loop, write_seven(), asio::detached);
  loop.poll();
  CHECK(database->queued() == 1);

  const auto refused_write = database->write_blocking<int>(seven);
  CHECK(refused_write.error().code == "overloaded");
  CHECK_THAT(refused_write.error().message, Catch::Contains("write queue"));
  CHECK(database->read_blocking<int>(seven).value() == 7);

  leave.set_value();
  loop.run();
  CHECK(running.get().has_value());
  CHECK(waiting.value() == 7);
}

TEST_CASE_METHOD(OneTable, "closing finishes what is queued") {
  asio::io_context loop;
  int told = 0;
  const auto insert = [](Sql& sql) -> Result<std::int64_t> { return sql.execute("INSERT INTO a VALUES (1)"); };
  const auto write = [&]() -> asio::awaitable<void> {
    const auto changed = co_await database->write<std::int64_t>(insert);
    told += changed.has_value() ? 1 : 0;
  };
  for (int i = 0; i < 300; ++i) asio::co_spawn(loop, write(), asio::detached);
  loop.poll();
  database.reset();
  loop.run();
  CHECK(told == 300);
  database = test::open(at(folder / "calls.db"));
  CHECK(integer_of(*database, "SELECT count(*) FROM a") == 300);
}

TEST_CASE("missing folders are made") {
  const test::TemporaryFolder folder;
  auto database = test::open(at(folder / "one/two/calls.db"));
  CHECK(integer_of(*database, "SELECT 1") == 1);
}

/// Files made meanwhile get what the system gives by default, whoever runs the tests.
class UsualUmask {
 public:
  UsualUmask() : before_(::umask(022)) {}
  ~UsualUmask() { ::umask(before_); }
  UsualUmask(const UsualUmask&) = delete;
  UsualUmask& operator=(const UsualUmask&) = delete;

 private:
  mode_t before_;
};

void check_modes(const fs::path& path, fs::perms expected) {
  for (const char* suffix : {"", "-wal", "-shm"}) {
    INFO(path.string() + suffix);
    CHECK(fs::status(path.string() + suffix).permissions() == expected);
  }
}

TEST_CASE("the files of a database are not for others") {
  const test::TemporaryFolder folder;
  const UsualUmask usual;
  const auto path = folder / "calls.db";
  SECTION("when they are made") {
    auto database = test::open(at(path));
    REQUIRE(execute(*database, "CREATE TABLE a (x INTEGER)"));
    check_modes(path, fs::perms{0640});
  }
  SECTION("when an earlier run left them open to all, as a crash leaves them") {
    {
      auto database = test::open(at(folder / "live.db"));
      REQUIRE(execute(*database, "CREATE TABLE a (x INTEGER)"));
      for (const char* suffix : {"", "-wal", "-shm"}) {
        fs::copy_file((folder / "live.db").string() + suffix, path.string() + suffix);
        fs::permissions(path.string() + suffix, fs::perms{0644});
      }
    }
    auto database = test::open(at(path));
    CHECK(integer_of(*database, "SELECT count(*) FROM a") == 0);
    check_modes(path, fs::perms{0640});
  }
  SECTION("and stricter ones stay as they are") {
    {
      auto database = test::open(at(path));
    }
    fs::permissions(path, fs::perms{0600});
    auto database = test::open(at(path));
    REQUIRE(execute(*database, "CREATE TABLE a (x INTEGER)"));
    check_modes(path, fs::perms{0600});
  }
}

TEST_CASE("a folder that cannot be made is store_unavailable, its path only in the detail") {
  const test::TemporaryFolder folder;
  std::ofstream(folder / "file") << "not a folder";
  const auto error = refused(folder / "file/data/calls.db");
  CHECK(error.code == "store_unavailable");
  CHECK(error.message == "the folder of the database cannot be made");
  CHECK_THAT(error.detail, Catch::Contains("file/data") && Catch::Contains("Not a directory"));
}

TEST_CASE("a folder that may not be written is store_unavailable") {
  const test::TemporaryFolder folder;
  fs::permissions(folder.path(), fs::perms{0555});
  const AsNobody nobody;
  const auto error = refused(folder / "calls.db");
  CHECK(error.code == "store_unavailable");
  CHECK_THAT(error.detail, Catch::Contains("Permission denied"));
}

TEST_CASE("a file that may not be written is store_unavailable") {
  const test::TemporaryFolder folder;
  {
    auto database = test::open(at(folder / "calls.db"));
  }
  fs::remove(folder / "calls.db.lock");
  fs::permissions(folder.path(), fs::perms{0777});
  fs::permissions(folder / "calls.db", fs::perms{0444});
  const AsNobody nobody;
  const auto error = refused(folder / "calls.db");
  CHECK(error.code == "store_unavailable");
  CHECK(error.message == "the database is read-only");
}

TEST_CASE("a file that is not a database is store_failed") {
  const test::TemporaryFolder folder;
  std::ofstream(folder / "calls.db") << std::string(8192, 'x');
  const auto error = refused(folder / "calls.db");
  CHECK(error.code == "store_failed");
  CHECK(error.message == "the database is damaged or is not a database");
}

TEST_CASE_METHOD(OneTable, "a page that was overwritten is reported as damage") {
  REQUIRE(execute(*database, "INSERT INTO a VALUES (1)"));
  database.reset();
  {
    std::fstream file(folder / "calls.db", std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(4096);
    file << std::string(4096, 'x');
  }
  database = test::open(at(folder / "calls.db"));
  const auto read = database->read_blocking<std::int64_t>(
      [](Sql& sql) -> Result<std::int64_t> { return sql.query("SELECT x FROM a").at(0).integer(0); });
  CHECK(read.error().message == "the database is damaged or is not a database");
}

TEST_CASE_METHOD(OneTable, "a full disk is store_unavailable, and passes when there is room again") {
  const auto limit_pages = [&](const std::string& pages) {
    return database->write_blocking<void>([&pages](Sql& sql) -> Result<> {
      sql.query("PRAGMA max_page_count = " + pages);
      return {};
    });
  };
  REQUIRE(limit_pages("2"));
  const auto full = execute(*database, "INSERT INTO a VALUES (zeroblob(100000))");
  CHECK(full.error().code == "store_unavailable");
  CHECK(full.error().message == "the disk that holds the database is full");
  REQUIRE(limit_pages("1000"));
  CHECK(execute(*database, "INSERT INTO a VALUES (zeroblob(100000))").value() == 1);
}

TEST_CASE_METHOD(OneTable, "a database that has become read-only is store_unavailable") {
  REQUIRE(execute(*database, "PRAGMA query_only = ON"));
  const auto failed = execute(*database, "INSERT INTO a VALUES (1)");
  CHECK(failed.error().code == "store_unavailable");
  CHECK(failed.error().message == "the database is read-only");
}

}  // namespace
}  // namespace trunkline::store
