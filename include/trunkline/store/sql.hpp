#pragma once

#include <trunkline/base/offload.hpp>
#include <trunkline/base/result.hpp>

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace trunkline::store {

/// A parameter or a column: null, integer (also booleans and milliseconds), real, text.
using Value = std::variant<std::monostate, std::int64_t, double, std::string>;

/// One row of an answer, by column number from 0. Reading a column as the wrong type is a programming error and throws
/// SqlFailure; `*_or_null` are for columns that may be NULL.
class Row {
 public:
  explicit Row(std::vector<Value> columns) : columns_(std::move(columns)) {}
  std::int64_t integer(std::size_t column) const;
  double real(std::size_t column) const;
  const std::string& text(std::size_t column) const;
  std::optional<std::int64_t> integer_or_null(std::size_t column) const;
  std::optional<double> real_or_null(std::size_t column) const;
  std::optional<std::string> text_or_null(std::size_t column) const;

 private:
  std::vector<Value> columns_;
};

/// What a statement throws inside a transaction. Only Database catches it: it rolls back and makes an Error of it, so
/// that the body of a transaction is straight-line code.
class SqlFailure : public std::runtime_error {
 public:
  enum class Kind { unavailable, timeout, busy, constraint, value, full, read_only, damaged, other };
  SqlFailure(Kind kind, const std::string& what) : std::runtime_error(what), kind_(kind) {}
  Kind kind() const { return kind_; }

 private:
  Kind kind_;
};

/// A statement about many rows at once, all columns and all rows of it in a few values: `{rows}` in its text is a table
/// of that name with these columns, as in `INSERT INTO t (a) SELECT a FROM {rows}`. `{lock t}`, at the end of a SELECT,
/// holds the rows of the table `t` until the transaction ends. Made once, used often.
class SetStatement {
 public:
  enum class Type : std::uint8_t { text, integer, real };
  struct Column {
    std::string_view name;
    Type type;
  };
  SetStatement(std::string_view text, const std::vector<Column>& columns);
  /// The rows go into the table's columns of the same names; `tail` is what comes behind, such as ON CONFLICT.
  static SetStatement insert(std::string_view table, const std::vector<Column>& columns, std::string_view tail = "");

  /// For a driver that is asked row by row, its columns as $1, $2, ...
  const std::string& for_one() const { return for_one_; }
  /// For Postgres: one array a column.
  const std::string& for_all() const { return for_all_; }
  std::size_t columns() const { return columns_; }

 private:
  std::string for_one_;
  std::string for_all_;
  std::size_t columns_;
};

/// The columns of one row, in the order of the statement's.
using Tuple = std::vector<Value>;

/// A question about many rows.
struct SetQuery {
  const SetStatement* statement;
  std::vector<Tuple> rows;
};

/// Statements inside one transaction, on the database's thread. Parameters are written $1, $2, ... in every driver, and
/// as many are given as the highest number says; a number may repeat. A statement text is prepared once and kept.
/// Never BEGIN, COMMIT or SAVEPOINT: the transaction is the database's. After a SqlFailure it is over: Postgres takes
/// no further statement, and nothing is committed.
///
/// In Postgres numbers are BIGINT and DOUBLE PRECISION, a text or a null is what its place asks for: where nothing
/// does, as in `$1 IS NULL`, write CAST($1 AS BIGINT), which SQLite reads, too.
class Sql {
 public:
  virtual ~Sql() = default;

  /// Rows of a SELECT or of a RETURNING clause. Throws SqlFailure.
  virtual std::vector<Row> query(std::string_view statement, std::span<const Value> params) = 0;
  /// Number of rows changed. Throws SqlFailure.
  virtual std::int64_t execute(std::string_view statement, std::span<const Value> params) = 0;
  /// As execute(), for who needs no number: a driver may send it together with what comes next, COMMIT at the latest.
  /// What the server has against it is thrown then.
  virtual void post(std::string_view statement, std::span<const Value> params) { execute(statement, params); }
  /// The same of a statement about many rows; nothing at all when there are none. Answers come in the order of the rows
  /// unless the statement says otherwise. Throws SqlFailure.
  virtual std::vector<Row> query_all(const SetStatement& statement, std::span<const Tuple> rows);
  /// Several questions, one after the other, each with its own answer: in one way to the server and back.
  virtual std::vector<std::vector<Row>> query_together(std::span<const SetQuery> queries);
  virtual std::int64_t execute_all(const SetStatement& statement, std::span<const Tuple> rows);
  virtual void post_all(const SetStatement& statement, std::span<const Tuple> rows) { execute_all(statement, rows); }
  /// Several statements separated by `;`, without parameters: migrations. Throws SqlFailure.
  virtual void script(std::string_view statements) = 0;
  /// From here to its end, one transaction at a time has the turn of that number, on all nodes. Nothing to wait for
  /// where writes are one at a time anyway. Throws SqlFailure.
  virtual void take_turn(std::int64_t /*number*/) {}
  /// The clock of the database, for what nodes must agree about: an expression in its SQL, milliseconds since 1970. In
  /// a transaction it may stand still.
  virtual std::string_view clock() const = 0;

  std::vector<Row> query(std::string_view statement, std::initializer_list<Value> params = {}) {
    return query(statement, std::span<const Value>(params.begin(), params.size()));
  }
  std::int64_t execute(std::string_view statement, std::initializer_list<Value> params = {}) {
    return execute(statement, std::span<const Value>(params.begin(), params.size()));
  }
  void post(std::string_view statement, std::initializer_list<Value> params = {}) {
    post(statement, std::span<const Value>(params.begin(), params.size()));
  }
};

/// The store may take the same work later: it was away, or had too much to do. With `store_in_doubt` it may have it
/// already, so that only work that changes nothing the second time may be tried again.
bool store_is_away(const Error& error);

/// Where calls, events, recordings and transcripts live. One interface, two drivers (SQLite here, Postgres with
/// DATABASE_URL); all SQL above it is written in what both understand.
///
/// Work runs on the driver's own threads. A write runs in a transaction of its own as far as the caller can tell
/// (drivers may let several share one commit); it is durable before the caller goes on. Work that returns an Error or
/// throws leaves no trace; what it threw becomes an Error. Work must not wait for the database it runs on.
///
/// Errors: `store_unavailable` (not reachable, locked, too slow, disk full, read-only), `overloaded` (queue full),
/// `store_failed`, and what work returns: then nothing of it is stored. `store_in_doubt` (Postgres went away in a
/// commit and did not come back): nobody knows.
class Database {
 public:
  virtual ~Database() = default;

  /// Finishes what was submitted and takes nothing any more: what comes later fails with `store_unavailable`. For the
  /// loops that wait for answers, while they still turn. Destruction does it, too.
  virtual void stop() = 0;

  template <class T, class Work>  // Work: Result<T>(Sql&), may run more than once after a lost connection
  asio::awaitable<Result<T>> write(Work work) {
    return run<T>(Access::write, std::move(work));
  }
  template <class T, class Work>
  asio::awaitable<Result<T>> read(Work work) {
    return run<T>(Access::read, std::move(work));
  }

  /// The same for the command line and for tests: blocks the calling thread. Never call it on a loop.
  template <class T, class Work>
  Result<T> write_blocking(Work work) {
    return run_blocking<T>(Access::write, std::move(work));
  }
  template <class T, class Work>
  Result<T> read_blocking(Work work) {
    return run_blocking<T>(Access::read, std::move(work));
  }

  /// `sqlite` or `postgres`, for health and logs.
  virtual std::string_view driver() const = 0;
  /// Jobs waiting, for metrics.
  virtual std::size_t queued() const = 0;

 protected:
  enum class Access { read, write };
  /// Takes `work` to the database's thread and calls `done` there once, after commit or rollback. When the queue is
  /// full, `done` is called at once on the caller's thread.
  virtual void submit(Access access, std::function<Result<>(Sql&)> work, std::function<void(Result<>)> done) = 0;

 private:
  template <class T, class Work>
  asio::awaitable<Result<T>> run(Access access, Work work);
  template <class T, class Work>
  Result<T> run_blocking(Access access, Work work);

  Result<> wait_for(Access access, std::function<Result<>(Sql&)> work);

  /// Both live in the waiting caller's frame, which stays until the work has ended.
  template <class T, class Work>
  static auto keeping(Work& work, std::optional<Result<T>>& answer);
  template <class T>
  static Result<T> settled(std::optional<Result<T>>& answer, const Result<>& ended);
};

template <class T, class Work>
auto Database::keeping(Work& work, std::optional<Result<T>>& answer) {
  return [&work, &answer](Sql& sql) -> Result<> {
    answer.emplace(work(sql));
    if (answer->has_error()) return answer->error();
    return {};
  };
}

template <class T>
Result<T> Database::settled(std::optional<Result<T>>& answer, const Result<>& ended) {
  if (ended.has_error()) return ended.error();
  return std::move(*answer);
}

template <class T, class Work>
asio::awaitable<Result<T>> Database::run(Access access, Work work) {
  std::optional<Result<T>> answer;
  co_return co_await await_value<Result<T>>([this, access, &work, &answer](auto deliver) {
    submit(access, keeping<T>(work, answer),
           [&answer, deliver](const Result<>& ended) mutable { deliver(settled(answer, ended)); });
  });
}

template <class T, class Work>
Result<T> Database::run_blocking(Access access, Work work) {
  std::optional<Result<T>> answer;
  const Result<> ended = wait_for(access, keeping<T>(work, answer));
  return settled(answer, ended);
}

}  // namespace trunkline::store
