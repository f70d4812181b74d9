#pragma once

#include "support/postgres.hpp"
#include "support/scratch.hpp"

#include <trunkline/store/migrations.hpp>

#include <optional>
#include <string>
#include <vector>

namespace trunkline::store::test {

/// What a test of statements runs on; how a driver goes about them is its own affair.
enum class Drivers { all, sqlite };

/// A place for one database, on each driver in turn: a test that has one runs once with SQLite and, where there is a
/// Postgres, once more with that. It is made in a fixture, before anything else of the test.
class AnyDatabase {
 public:
  explicit AnyDatabase(Drivers on = Drivers::all) {
    const std::string driver = GENERATE_COPY(from_range(names(on)));
    UNSCOPED_INFO("on " << driver);
    if (driver == "postgres") schema_.emplace();
  }

  /// Opens it, again as often as needed, with the schema of calls. SQLite: once at a time.
  std::unique_ptr<Database> open() const {
    auto database = open_empty();
    REQUIRE(migrate(*database, migrations_for(*database)));
    return database;
  }

  std::unique_ptr<Database> open_empty(std::size_t connections = 2) const {
    if (!schema_) return test::open(at(folder_ / "calls.db"));
    PostgresOptions options = in(*schema_, connections);
    options.url += "%20-csynchronous_commit%3Doff";  // nobody pulls the plug: the disk need not be waited for
    auto opened = open_postgres(std::move(options));
    REQUIRE(opened);
    return std::move(*opened);
  }

 private:
  static std::vector<std::string> names(Drivers on) {
    if (on == Drivers::sqlite || postgres_url().empty()) return {"sqlite"};
    return {"sqlite", "postgres"};
  }

  TemporaryFolder folder_;
  std::optional<Schema> schema_;
};

}  // namespace trunkline::store::test
