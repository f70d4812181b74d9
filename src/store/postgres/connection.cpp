#include "store/postgres/connection.hpp"

#include "store/postgres/values.hpp"

#include <trunkline/base/text.hpp>

#include <algorithm>
#include <utility>

namespace trunkline::store::postgres {
namespace {

constexpr std::size_t cached_statements = 256;
constexpr int oldest_version = 130'000;
constexpr milliseconds way_to_the_server{1'000};  // beyond what the server gives a statement

constexpr std::string_view begin_write = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";
constexpr std::string_view begin_read = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

// A commit is on the disk when it is answered, whatever the role's defaults are; a transaction of a node that hangs
// does not hold its rows for ever. A statement's plan is made once, perhaps while its tables are still empty, and kept
// while they grow: it goes by indexes from the start.
constexpr std::string_view configure =
    "SELECT set_config('statement_timeout', $1, false), set_config('lock_timeout', $2, false), "
    "set_config('idle_in_transaction_session_timeout', $1, false), "
    "set_config('standard_conforming_strings', 'on', false), "
    "set_config('enable_seqscan', 'off', false), set_config('enable_hashjoin', 'off', false), "
    "set_config('enable_mergejoin', 'off', false), set_config('jit', 'off', false), "
    "set_config('synchronous_commit', CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on' "
    "ELSE current_setting('synchronous_commit') END, false)";

std::string key_of(std::string_view statement, const Params& params) {
  return params.signature() + ' ' + std::string(statement);
}

void require_count(std::string_view statement, std::size_t given) {
  const auto highest = highest_parameter(statement);
  if (given == highest) return;
  throw misuse("the statement has parameters up to $" + std::to_string(highest) + " and was given " +
               std::to_string(given));
}

// What counts nothing, such as CREATE TABLE, says nothing.
std::int64_t changed_rows(PGresult* answer) {
  if (std::string_view(PQcmdStatus(answer)).starts_with("SELECT")) return 0;
  return text::to_int(PQcmdTuples(answer)).value_or(0);
}

}  // namespace

Connection::Connection(const PostgresOptions& options, std::string slot)
    : patience_(options.statement_timeout + way_to_the_server),
      link_(options.url, options.connect_timeout),
      statements_(cached_statements) {
  check_server();
  mark_.slot = std::move(slot);
  set_up(options);
  identify(link_, mark_, patience_);
}

void Connection::check_server() const {
  if (link_.version() < oldest_version) {
    throw misuse("Postgres 13 or later is needed, not " + link_.parameter("server_version"));
  }
  if (const auto encoding = link_.parameter("server_encoding"); encoding != "UTF8") {
    throw misuse("the database must be in UTF8, not " + encoding);
  }
}

void Connection::set_up(const PostgresOptions& options) {
  const std::array<Value, 2> limits = {std::to_string(options.statement_timeout.count()),
                                       std::to_string(options.lock_timeout.count())};
  link_.ask(statement(std::string(configure), limits), patience_);
}

std::string Connection::describe() const {
  const auto tls = link_.tls();
  return "PostgreSQL " + link_.parameter("server_version") + (tls.empty() ? ", without TLS" : ", " + tls);
}

std::vector<Row> Connection::query(std::string_view statement, std::span<const Value> params) {
  const auto answer = run(statement, params);
  return rows_of(answer.get());
}

std::int64_t Connection::execute(std::string_view statement, std::span<const Value> params) {
  const auto answer = run(statement, params);
  return changed_rows(answer.get());
}

void Connection::post(std::string_view statement, std::span<const Value> params) {
  require_transaction();
  open();
  add(statement, params);
}

std::vector<Row> Connection::query_all(const SetStatement& statement, std::span<const Tuple> rows) {
  if (rows.empty()) return {};
  return query(statement.for_all(), arrays_of(rows, statement.columns()));
}

std::vector<std::vector<Row>> Connection::query_together(std::span<const SetQuery> queries) {
  require_transaction();
  open();
  std::vector<std::optional<std::size_t>> places;
  places.reserve(queries.size());
  for (const auto& [statement, rows] : queries) {
    places.emplace_back();
    if (rows.empty()) continue;
    add(statement->for_all(), arrays_of(rows, statement->columns()));
    places.back() = unsent_.size() - 1;
  }
  const Reply reply = exchange();
  require_transaction();
  std::vector<std::vector<Row>> answers;
  answers.reserve(queries.size());
  for (const auto& place : places) {
    answers.push_back(place ? rows_of(reply.answers[*place].get()) : std::vector<Row>());
  }
  return answers;
}

std::int64_t Connection::execute_all(const SetStatement& statement, std::span<const Tuple> rows) {
  if (rows.empty()) return 0;
  return execute(statement.for_all(), arrays_of(rows, statement.columns()));
}

void Connection::post_all(const SetStatement& statement, std::span<const Tuple> rows) {
  if (!rows.empty()) post(statement.for_all(), arrays_of(rows, statement.columns()));
}

// A script takes the time that it takes: it makes indexes, and waits for the script of another node.
void Connection::script(std::string_view statements) {
  require_transaction();
  open();
  unsent_.push_back(statement("SET LOCAL statement_timeout = 0"));
  unsent_.push_back(statement("SET LOCAL lock_timeout = 0"));
  exchange();
  try {
    wrote_ = true;
    link_.script(std::string(statements));
  } catch (const Failure& failure) {
    end_with(failure);
  }
  require_transaction();
}

void Connection::take_turn(std::int64_t number) {
  query("SELECT CAST(pg_advisory_xact_lock($1) AS TEXT)", {number});
}

void Connection::begin(Mode mode) {
  mode_ = mode;
  stage_ = Stage::announced;
  unsent_.clear();
  failure_.reset();
  wrote_ = false;
  ++mark_.number;
}

std::optional<CommitMark> Connection::commit() {
  require_transaction();
  if (std::exchange(stage_, Stage::open) == Stage::announced) {  // nothing was asked of the server
    stage_ = Stage::none;
    return std::nullopt;
  }
  if (wrote_) add(write_mark, mark_params(mark_));
  unsent_.push_back(statement("COMMIT"));
  try {
    const Answer answer = exchange().take_last();
    // A transaction that the server has given up ends with ROLLBACK, whatever it is told.
    if (std::string_view(PQcmdStatus(answer.get())) != "COMMIT") throw misuse("the transaction was undone");
    stage_ = Stage::none;
    return std::nullopt;
  } catch (const Failure& failure) {
    if (failure.remedy() != Remedy::reconnect) throw;
    return mark_;
  }
}

void Connection::roll_back() noexcept {
  const bool open = std::exchange(stage_, Stage::none) == Stage::open;
  unsent_.clear();
  failure_.reset();
  if (!open || broken() || link_.transaction() == PQTRANS_IDLE) return;
  try {
    link_.ask(statement("ROLLBACK"), patience_);
  } catch (const std::exception&) {
    link_.give_up();  // whatever is the matter with it: the next transaction gets a new one
  }
}

Answer Connection::run(std::string_view statement, std::span<const Value> params) {
  require_transaction();
  open();
  add(statement, params);
  auto answer = exchange().take_last();
  require_transaction();
  return answer;
}

void Connection::open() {
  if (stage_ != Stage::announced) return;
  stage_ = Stage::queued;
  unsent_.push_back(statement(std::string(mode_ == Mode::write ? begin_write : begin_read)));
}

void Connection::add(std::string_view statement, std::span<const Value> params) {
  // What only looks leaves nothing that could be in doubt.
  wrote_ = wrote_ || !statement.starts_with("SELECT");
  Params encoded(params);
  if (const auto* name = known(statement, encoded)) {
    unsent_.push_back({Message::Kind::run, std::string(*name), {}, std::move(encoded)});
    return;
  }
  require_count(statement, params.size());
  for (const auto& name : statements_.take_forgotten()) unsent_.push_back(postgres::statement("DEALLOCATE " + name));
  const auto name = statements_.next_name();
  unsent_.push_back({Message::Kind::prepare, name, std::string(statement), encoded});
  unsent_.push_back({Message::Kind::run, name, {}, std::move(encoded)});
}

const std::string* Connection::known(std::string_view statement, const Params& params) {
  if (const auto* name = statements_.find(key_of(statement, params))) return name;
  const auto on_its_way = std::find_if(unsent_.begin(), unsent_.end(), [&](const Message& message) {
    return message.kind == Message::Kind::prepare && message.text == statement &&
           message.params.signature() == params.signature();
  });
  return on_its_way == unsent_.end() ? nullptr : &on_its_way->name;
}

Reply Connection::exchange() {
  stage_ = Stage::open;
  const auto messages = std::exchange(unsent_, {});
  try {
    Reply reply = link_.exchange(messages, patience_);
    remember(messages, reply);
    if (reply.failure) throw Failure(*reply.failure);
    return reply;
  } catch (const Failure& failure) {
    end_with(failure);
  }
}

// What was prepared stays so when the transaction fails.
void Connection::remember(const std::vector<Message>& messages, const Reply& reply) {
  for (std::size_t i = 0; i < reply.answers.size(); ++i) {
    const Message& message = messages[i];
    if (message.kind != Message::Kind::prepare || PQresultStatus(reply.answers[i].get()) != PGRES_COMMAND_OK) continue;
    statements_.add(key_of(message.text, message.params), message.name);
  }
}

void Connection::require_transaction() {
  if (failure_) throw Failure(*failure_);
  const bool on_its_way = stage_ == Stage::announced || stage_ == Stage::queued;
  const bool open = on_its_way || (stage_ == Stage::open && link_.transaction() == PQTRANS_INTRANS);
  if (!open) end_with({SqlFailure::Kind::unavailable, Remedy::none, "the transaction is over"});
}

void Connection::end_with(const Failure& failure) {
  const bool wrote_in_a_read = mode_ == Mode::read && failure.kind() == SqlFailure::Kind::read_only;
  failure_ =
      wrote_in_a_read ? Failure(SqlFailure::Kind::other, Remedy::none, "a read may not change the database") : failure;
  if (failure_->remedy() == Remedy::reconnect) link_.give_up();
  throw Failure(*failure_);
}

}  // namespace trunkline::store::postgres
