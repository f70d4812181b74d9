#pragma once

#include "store/sqlite/statement.hpp"

#include <trunkline/base/clock.hpp>
#include <trunkline/store/sql.hpp>

#include <filesystem>
#include <memory>

namespace trunkline::store::sqlite {

/// One connection to the file, used by one thread at a time. Statements of Sql run only inside a transaction; after
/// SQLite has dropped the transaction by itself (disk full, I/O error) they fail until it is begun again.
class Connection final : public Sql {
 public:
  enum class Mode { read, write };

  /// A writer makes the file when there is none; a reader refuses statements that change anything. Throws SqlFailure.
  Connection(const std::filesystem::path& path, Mode mode, milliseconds busy_timeout);

  using Sql::execute;
  using Sql::query;
  std::vector<Row> query(std::string_view statement, std::span<const Value> params) override;
  std::int64_t execute(std::string_view statement, std::span<const Value> params) override;
  void script(std::string_view statements) override;
  std::string_view clock() const override {
    return "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)";  // Julian days, of which 1970 began one
  }

  /// BEGIN, COMMIT, SAVEPOINT and their like, for those who own the transaction. Throws SqlFailure.
  void control(std::string_view statement);
  /// Ends the transaction, if there is one, without a trace of it.
  void roll_back() noexcept;
  bool in_transaction() const { return sqlite3_get_autocommit(db_.get()) == 0; }

 private:
  struct Close {
    void operator()(sqlite3* db) const { sqlite3_close_v2(db); }
  };
  using Handle = std::unique_ptr<sqlite3, Close>;

  static Handle open(const std::filesystem::path& path, Mode mode);
  void set_up_writer();
  void require_transaction() const;
  void require_allowed(const Statement& statement) const;
  Statement& prepared(std::string_view statement);

  Mode mode_;
  Handle db_;
  StatementCache statements_;
};

}  // namespace trunkline::store::sqlite
