#pragma once

#include "support/temporary_folder.hpp"

#include <trunkline/store/sqlite.hpp>

#include <catch2/catch.hpp>

#include <filesystem>
#include <memory>
#include <string>

/// A failing check shows the error and not only that there is one.
template <class T>
struct Catch::StringMaker<trunkline::Result<T>> {
  static std::string convert(const trunkline::Result<T>& result) {
    if (result) return "a value";
    return result.error().code + ": " + result.error().message + " (" + result.error().detail + ")";
  }
};

namespace trunkline::store::test {

using trunkline::test::TemporaryFolder;

inline SqliteOptions at(const std::filesystem::path& path) {
  SqliteOptions options;
  options.path = path;
  return options;
}

inline std::unique_ptr<Database> open(const SqliteOptions& options) {
  auto opened = open_sqlite(options);
  REQUIRE(opened);
  return std::move(*opened);
}

/// Runs one statement as a write of its own.
inline Result<std::int64_t> execute(Database& database, std::string_view statement) {
  return database.write_blocking<std::int64_t>(
      [statement](Sql& sql) -> Result<std::int64_t> { return sql.execute(statement); });
}

/// The integer that a query of one row and one column answers.
inline std::int64_t integer_of(Database& database, std::string_view query) {
  return database
      .read_blocking<std::int64_t>(
          [query](Sql& sql) -> Result<std::int64_t> { return sql.query(query).at(0).integer(0); })
      .value();
}

}  // namespace trunkline::store::test
