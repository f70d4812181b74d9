#include "store/sqlite/statement.hpp"

#include <trunkline/base/text.hpp>

#include <algorithm>

namespace trunkline::store::sqlite {
namespace {

SqlFailure misuse(const std::string& what) {
  return {SqlFailure::Kind::other, what};
}

SqlFailure::Kind kind_of(int code) {
  using Kind = SqlFailure::Kind;
  switch (code & 0xff) {  // the low byte is the primary code
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Kind::busy;
    case SQLITE_CONSTRAINT:
      return Kind::constraint;
    case SQLITE_FULL:
      return Kind::full;
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return Kind::read_only;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return Kind::damaged;
    case SQLITE_CANTOPEN:
    case SQLITE_IOERR:
      return Kind::unavailable;
    default:
      return Kind::other;
  }
}

/// SQLite takes all of `$1::text` for a name, which Postgres would read as a cast: only digits are accepted.
std::size_t number_of(const char* name) {
  if (name != nullptr && name[0] == '$') {
    const auto number = text::to_uint(name + 1);
    if (number && *number > 0) return *number;
  }
  throw misuse("parameters are written $1, $2, ..., not " + std::string(name == nullptr ? "?" : name));
}

Value column_of(sqlite3_stmt* handle, int column) {
  switch (sqlite3_column_type(handle, column)) {
    case SQLITE_NULL:
      return std::monostate{};
    case SQLITE_INTEGER:
      return std::int64_t{sqlite3_column_int64(handle, column)};
    case SQLITE_FLOAT:
      return sqlite3_column_double(handle, column);
    case SQLITE_TEXT: {
      const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(handle, column));
      if (bytes == nullptr) throw std::bad_alloc();
      return std::string(bytes, static_cast<std::size_t>(sqlite3_column_bytes(handle, column)));
    }
    default:
      throw misuse("column " + std::to_string(column) + " is a blob");
  }
}

struct Bind {
  sqlite3_stmt* handle;
  int index;

  int operator()(std::monostate) const { return sqlite3_bind_null(handle, index); }
  int operator()(std::int64_t value) const { return sqlite3_bind_int64(handle, index, value); }
  int operator()(double value) const { return sqlite3_bind_double(handle, index, value); }
  int operator()(const std::string& value) const {
    // No copy: run() forgets the parameters before it returns.
    return sqlite3_bind_text64(handle, index, value.data(), value.size(), nullptr, SQLITE_UTF8);
  }
};

}  // namespace

SqlFailure failure_of(sqlite3* db, int code) {
  return {kind_of(code), std::string(sqlite3_errstr(code)) + " (" + std::to_string(code) + "): " + sqlite3_errmsg(db)};
}

std::optional<Statement> Statement::next(sqlite3* db, std::string_view& rest) {
  sqlite3_stmt* raw = nullptr;
  const char* tail = nullptr;
  const int code =
      sqlite3_prepare_v3(db, rest.data(), static_cast<int>(rest.size()), SQLITE_PREPARE_PERSISTENT, &raw, &tail);
  if (code != SQLITE_OK) throw failure_of(db, code);
  Handle handle(raw);
  rest.remove_prefix(static_cast<std::size_t>(tail - rest.data()));
  if (handle == nullptr) return std::nullopt;
  return Statement(std::move(handle));
}

Statement Statement::only(sqlite3* db, std::string_view text) {
  auto statement = next(db, text);
  if (!statement || next(db, text)) throw misuse("a statement text holds exactly one statement");
  return std::move(*statement);
}

Statement::Statement(Handle handle) : handle_(std::move(handle)) {
  const int count = sqlite3_bind_parameter_count(handle_.get());
  for (int index = 1; index <= count; ++index) {
    numbers_.push_back(number_of(sqlite3_bind_parameter_name(handle_.get(), index)));
    highest_ = std::max(highest_, numbers_.back());
  }
}

void Statement::require(int code) const {
  if (code != SQLITE_OK) throw failure_of(sqlite3_db_handle(handle_.get()), code);
}

void Statement::bind(std::span<const Value> params) {
  if (params.size() != highest_) {
    throw misuse("the statement has parameters up to $" + std::to_string(highest_) + " and was given " +
                 std::to_string(params.size()));
  }
  int index = 0;
  for (const std::size_t number : numbers_) require(std::visit(Bind{handle_.get(), ++index}, params[number - 1]));
}

Row Statement::row() const {
  const int count = sqlite3_column_count(handle_.get());
  std::vector<Value> columns;
  columns.reserve(static_cast<std::size_t>(count));
  for (int column = 0; column < count; ++column) columns.push_back(column_of(handle_.get(), column));
  return Row(std::move(columns));
}

std::vector<Row> Statement::run(std::span<const Value> params) {
  struct Rewind {
    sqlite3_stmt* handle;
    ~Rewind() {
      sqlite3_reset(handle);
      sqlite3_clear_bindings(handle);
    }
  } const rewind{handle_.get()};

  bind(params);
  std::vector<Row> rows;
  for (;;) {
    const int code = sqlite3_step(handle_.get());
    if (code == SQLITE_DONE) return rows;
    if (code != SQLITE_ROW) throw failure_of(sqlite3_db_handle(handle_.get()), code);
    rows.push_back(row());
  }
}

Statement& StatementCache::get(std::string_view text) {
  if (Statement* known = statements_.find(text)) return *known;
  statements_.put(text, Statement::only(db_, text));
  return *statements_.find(text);
}

}  // namespace trunkline::store::sqlite
