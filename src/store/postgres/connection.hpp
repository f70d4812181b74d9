#pragma once

#include "store/postgres/commit_marks.hpp"
#include "store/postgres/failure.hpp"
#include "store/postgres/link.hpp"
#include "store/postgres/statement_cache.hpp"

#include <trunkline/store/postgres.hpp>
#include <trunkline/store/sql.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace trunkline::store::postgres {

/// One connection to the server, used by one thread at a time. Statements of Sql run only between begin() and the end
/// of the transaction. The first that the server refuses is the transaction's end: all later ones throw the same
/// failure.
class Connection final : public Sql {
 public:
  /// Connects and makes the session ours. `slot` is for this connection alone. Throws SqlFailure.
  Connection(const PostgresOptions& options, std::string slot);

  using Sql::execute;
  using Sql::post;
  using Sql::query;
  std::vector<Row> query(std::string_view statement, std::span<const Value> params) override;
  std::int64_t execute(std::string_view statement, std::span<const Value> params) override;
  void post(std::string_view statement, std::span<const Value> params) override;
  std::vector<Row> query_all(const SetStatement& statement, std::span<const Tuple> rows) override;
  std::vector<std::vector<Row>> query_together(std::span<const SetQuery> queries) override;
  std::int64_t execute_all(const SetStatement& statement, std::span<const Tuple> rows) override;
  void post_all(const SetStatement& statement, std::span<const Tuple> rows) override;
  void script(std::string_view statements) override;
  void take_turn(std::int64_t number) override;
  std::string_view clock() const override { return "CAST(EXTRACT(EPOCH FROM now()) * 1000 AS BIGINT)"; }

  enum class Mode : std::uint8_t { read, write };
  /// Says nothing to the server yet: BEGIN travels with the first statement.
  void begin(Mode mode);
  /// Nothing when the transaction is committed; its mark when the answer did not come, so that another connection has
  /// to find out. Throws SqlFailure when it was not committed.
  std::optional<CommitMark> commit();
  /// Ends the transaction, if there is one, without a trace of it.
  void roll_back() noexcept;

  /// What ended the transaction before its time.
  const std::optional<Failure>& failure() const { return failure_; }
  /// Of no use any more.
  bool broken() const { return link_.broken(); }

  /// Of a transaction whose own connection is lost. Outside of any transaction here. Throws SqlFailure.
  bool was_committed(const CommitMark& mark) { return postgres::was_committed(link_, mark, patience_); }
  /// For the database as a whole, once: what the driver needs there.
  void prepare_database() { prepare_marks(link_, patience_); }
  std::string describe() const;

 private:
  void check_server() const;
  void set_up(const PostgresOptions& options);
  void open();
  void add(std::string_view statement, std::span<const Value> params);
  const std::string* known(std::string_view statement, const Params& params);
  Answer run(std::string_view statement, std::span<const Value> params);
  Reply exchange();
  void remember(const std::vector<Message>& messages, const Reply& reply);
  void require_transaction();
  [[noreturn]] void end_with(const Failure& failure);

  milliseconds patience_;  // for an answer: longer than the server itself gives a statement
  Link link_;
  StatementCache statements_;
  CommitMark mark_;
  Mode mode_ = Mode::read;
  enum class Stage : std::uint8_t { none, announced, queued, open } stage_ = Stage::none;
  bool wrote_ = false;
  std::vector<Message> unsent_;  // travels with the next statement that is waited for
  std::optional<Failure> failure_;
};

}  // namespace trunkline::store::postgres
