#include "support/any_database.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include <array>
#include <atomic>
#include <thread>

namespace trunkline::store {
namespace {

constexpr int writers = 64;
constexpr int writes_each = 16;

/// Written to by many coroutines at once, each on a loop of its own thread.
struct Counters {
  Counters() {
    REQUIRE(test::execute(*database, "CREATE TABLE events (writer INTEGER, number INTEGER, UNIQUE (writer, number))"));
  }

  Result<std::int64_t> append(Sql& sql, std::int64_t writer, std::int64_t number) const {
    const auto rows =
        sql.query("INSERT INTO events SELECT $1, count(*) FROM events WHERE writer = $1 RETURNING number", {writer});
    if (number % 4 == 3) return make_error("refused", "every fourth is refused after it has written");
    return rows.at(0).integer(0);
  }

  asio::awaitable<void> write(std::int64_t writer) {
    std::int64_t expected = 0;
    for (std::int64_t number = 0; number < writes_each; ++number) {
      const auto thread = std::this_thread::get_id();
      const auto work = [this, writer, number](Sql& sql) { return append(sql, writer, number); };
      const auto stored = co_await database->write<std::int64_t>(work);
      const bool right = stored ? *stored == expected++ : stored.error().code == "refused" && number % 4 == 3;
      if (!right || thread != std::this_thread::get_id()) ++wrong;

      const auto count = [writer](Sql& sql) -> Result<std::int64_t> {
        return sql.query("SELECT count(*) FROM events WHERE writer = $1", {writer}).at(0).integer(0);
      };
      const auto seen = co_await database->read<std::int64_t>(count);
      if (!seen || *seen != expected) ++wrong;
    }
  }

  test::AnyDatabase home;
  std::unique_ptr<Database> database = home.open_empty(8);
  std::atomic<int> wrong = 0;
};

TEST_CASE_METHOD(Counters, "many writers on several loops each see their own writes, and the failures of none") {
  std::array<asio::io_context, 4> loops;
  for (int writer = 0; writer < writers; ++writer) {
    asio::co_spawn(loops[static_cast<std::size_t>(writer) % loops.size()], write(writer), asio::detached);
  }
  std::vector<std::thread> threads;
  for (auto& loop : loops) threads.emplace_back([&loop] { loop.run(); });
  for (auto& thread : threads) thread.join();

  CHECK(wrong == 0);
  CHECK(test::integer_of(*database, "SELECT count(*) FROM events") == writers * writes_each * 3 / 4);
  CHECK(database->queued() == 0);
}

TEST_CASE_METHOD(Counters, "threads without a loop write and read at once") {
  std::vector<std::thread> threads;
  for (std::int64_t writer = 0; writer < 8; ++writer) {
    threads.emplace_back([this, writer] {
      for (std::int64_t number = 0; number < writes_each; ++number) {
        const auto stored =
            database->write_blocking<std::int64_t>([&](Sql& sql) { return append(sql, writer, number); });
        if (stored.has_value() == (number % 4 == 3)) ++wrong;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(wrong == 0);
  CHECK(test::integer_of(*database, "SELECT count(*) FROM events") == 8 * writes_each * 3 / 4);
}

}  // namespace
}  // namespace trunkline::store
