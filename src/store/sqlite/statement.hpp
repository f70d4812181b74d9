#pragma once

#include <trunkline/base/lru.hpp>
#include <trunkline/store/sql.hpp>

#include <sqlite3.h>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace trunkline::store::sqlite {

/// What SQLite says about its result `code` on `db`.
SqlFailure failure_of(sqlite3* db, int code);

/// A prepared statement with parameters $1, $2, ... It must end before its connection and stay on its thread.
class Statement {
 public:
  /// Prepares the first statement of `rest` and takes it off; nothing when only blanks and comments are left.
  static std::optional<Statement> next(sqlite3* db, std::string_view& rest);

  /// Prepares the one statement of `text`.
  static Statement only(sqlite3* db, std::string_view text);

  /// Runs it to its end and gives the rows. The statement may then run again.
  std::vector<Row> run(std::span<const Value> params);

  bool writes() const { return sqlite3_stmt_readonly(handle_.get()) == 0; }

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* handle) const { sqlite3_finalize(handle); }
  };
  using Handle = std::unique_ptr<sqlite3_stmt, Finalize>;

  explicit Statement(Handle handle);
  void bind(std::span<const Value> params);
  Row row() const;
  void require(int code) const;

  Handle handle_;
  std::vector<std::size_t> numbers_;  // of SQLite's parameters in their order, as written after the $
  std::size_t highest_ = 0;
};

/// The statements of one connection, prepared once. Keeps the `limit` that were used last.
class StatementCache {
 public:
  StatementCache(sqlite3* db, std::size_t limit) : db_(db), statements_(limit) {}

  /// The reference is good until the next call.
  Statement& get(std::string_view text);

  std::size_t size() const { return statements_.size(); }

 private:
  sqlite3* db_;
  Lru<Statement> statements_;
};

}  // namespace trunkline::store::sqlite
