#include "store/sqlite/connection.hpp"

namespace trunkline::store::sqlite {
namespace {

constexpr std::size_t cached_statements = 128;

}  // namespace

Connection::Connection(const std::filesystem::path& path, Mode mode, milliseconds busy_timeout)
    : mode_(mode), db_(open(path, mode)), statements_(db_.get(), cached_statements) {
  sqlite3_busy_timeout(db_.get(), static_cast<int>(busy_timeout.count()));
  if (mode == Mode::write) set_up_writer();
}

Connection::Handle Connection::open(const std::filesystem::path& path, Mode mode) {
  const int access = mode == Mode::write ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &raw, access | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  Handle db(raw);
  if (code != SQLITE_OK) throw failure_of(db.get(), code);
  return db;
}

void Connection::set_up_writer() {
  // SQLite opens a file it may not write as read-only, without a word.
  if (sqlite3_db_readonly(db_.get(), "main") == 1) {
    throw SqlFailure(SqlFailure::Kind::read_only, "the database file may not be written");
  }
  const auto journal = Statement::only(db_.get(), "PRAGMA journal_mode = WAL").run({});
  if (journal.empty() || journal.front().text(0) != "wal") {
    throw SqlFailure(SqlFailure::Kind::unavailable, "the file system of the database does not support WAL");
  }
  for (const char* pragma : {"PRAGMA synchronous = FULL", "PRAGMA foreign_keys = ON"}) control(pragma);
}

std::vector<Row> Connection::query(std::string_view statement, std::span<const Value> params) {
  return prepared(statement).run(params);
}

std::int64_t Connection::execute(std::string_view statement, std::span<const Value> params) {
  const auto before = sqlite3_total_changes64(db_.get());
  prepared(statement).run(params);
  // SQLite keeps the last number when a statement, such as CREATE, counts nothing.
  return sqlite3_total_changes64(db_.get()) == before ? 0 : sqlite3_changes64(db_.get());
}

void Connection::script(std::string_view statements) {
  for (;;) {
    require_transaction();
    auto statement = Statement::next(db_.get(), statements);
    if (!statement) return;
    require_allowed(*statement);
    statement->run({});
  }
}

void Connection::control(std::string_view statement) {
  statements_.get(statement).run({});
}

void Connection::roll_back() noexcept {
  if (in_transaction()) sqlite3_exec(db_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
}

Statement& Connection::prepared(std::string_view statement) {
  require_transaction();
  Statement& found = statements_.get(statement);
  require_allowed(found);
  return found;
}

void Connection::require_transaction() const {
  if (!in_transaction()) throw SqlFailure(SqlFailure::Kind::unavailable, "the transaction is over");
}

void Connection::require_allowed(const Statement& statement) const {
  if (mode_ == Mode::read && statement.writes()) {
    throw SqlFailure(SqlFailure::Kind::other, "a read may not change the database");
  }
}

}  // namespace trunkline::store::sqlite
