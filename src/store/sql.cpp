#include <trunkline/store/sql.hpp>

#include <future>
#include <string>

namespace trunkline::store {
namespace {

constexpr const char* type_names[] = {"null", "an integer", "real", "text"};

const Value& at(const std::vector<Value>& columns, std::size_t column) {
  if (column < columns.size()) return columns[column];
  throw SqlFailure(SqlFailure::Kind::other,
                   "column " + std::to_string(column) + " of a row of " + std::to_string(columns.size()));
}

template <class T>
const T& as(const std::vector<Value>& columns, std::size_t column) {
  const Value& value = at(columns, column);
  if (const auto* wanted = std::get_if<T>(&value)) return *wanted;
  throw SqlFailure(SqlFailure::Kind::other, "column " + std::to_string(column) + " is " + type_names[value.index()] +
                                                ", not " + type_names[Value(T{}).index()]);
}

template <class T>
std::optional<T> as_or_null(const std::vector<Value>& columns, std::size_t column) {
  if (std::holds_alternative<std::monostate>(at(columns, column))) return std::nullopt;
  return as<T>(columns, column);
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  if (const auto at = text.find(from); at != std::string::npos) text.replace(at, from.size(), to);
  return text;
}

// `{lock t}`, and what it is for.
std::string locked(std::string text, bool by_rows) {
  const auto begin = text.find("{lock ");
  if (begin == std::string::npos) return text;
  const auto name = begin + std::string_view("{lock ").size();
  const auto end = text.find('}', name);
  const std::string lock = by_rows ? "FOR NO KEY UPDATE OF " + text.substr(name, end - name) : "";
  return text.replace(begin, end + 1 - begin, lock);
}

constexpr std::string_view array_of(SetStatement::Type type) {
  switch (type) {
    case SetStatement::Type::integer:
      return "BIGINT[]";
    case SetStatement::Type::real:
      return "DOUBLE PRECISION[]";
    case SetStatement::Type::text:
      break;
  }
  return "TEXT[]";
}

void require_columns(const SetStatement& statement, std::span<const Tuple> rows) {
  for (const Tuple& row : rows) {
    if (row.size() == statement.columns()) continue;
    throw SqlFailure(SqlFailure::Kind::other,
                     "a row of " + std::to_string(row.size()) + " columns, not " + std::to_string(statement.columns()));
  }
}

}  // namespace

SetStatement::SetStatement(std::string_view text, const std::vector<Column>& columns) : columns_(columns.size()) {
  std::string values, arrays, names;
  std::size_t number = 0;
  for (const Column& column : columns) {
    const std::string comma = number == 0 ? "" : ", ";
    const std::string param = "$" + std::to_string(++number);
    values.append(comma).append(param).append(" AS ").append(column.name);
    arrays.append(comma).append("CAST(").append(param).append(" AS ").append(array_of(column.type)).append(")");
    names.append(comma).append(column.name);
  }
  for_one_ = locked(replaced(std::string(text), "{rows}", "(SELECT " + values + ") AS rows"), false);
  for_all_ = locked(replaced(std::string(text), "{rows}", "unnest(" + arrays + ") AS rows (" + names + ")"), true);
}

SetStatement SetStatement::insert(std::string_view table, const std::vector<Column>& columns, std::string_view tail) {
  std::string names;
  for (const Column& column : columns) names.append(names.empty() ? "" : ", ").append(column.name);
  std::string text("INSERT INTO ");
  text.append(table).append(" (").append(names).append(") SELECT ").append(names).append(" FROM {rows} WHERE true ");
  return {text.append(tail), columns};  // SQLite wants a WHERE before ON CONFLICT
}

std::vector<Row> Sql::query_all(const SetStatement& statement, std::span<const Tuple> rows) {
  require_columns(statement, rows);
  std::vector<Row> answers;
  for (const Tuple& row : rows) {
    for (Row& answer : query(statement.for_one(), std::span<const Value>(row))) answers.push_back(std::move(answer));
  }
  return answers;
}

std::vector<std::vector<Row>> Sql::query_together(std::span<const SetQuery> queries) {
  std::vector<std::vector<Row>> answers;
  for (const SetQuery& query : queries) answers.push_back(query_all(*query.statement, query.rows));
  return answers;
}

std::int64_t Sql::execute_all(const SetStatement& statement, std::span<const Tuple> rows) {
  require_columns(statement, rows);
  std::int64_t changed = 0;
  for (const Tuple& row : rows) changed += execute(statement.for_one(), std::span<const Value>(row));
  return changed;
}

std::int64_t Row::integer(std::size_t column) const {
  return as<std::int64_t>(columns_, column);
}
double Row::real(std::size_t column) const {
  return as<double>(columns_, column);
}
const std::string& Row::text(std::size_t column) const {
  return as<std::string>(columns_, column);
}

std::optional<std::int64_t> Row::integer_or_null(std::size_t column) const {
  return as_or_null<std::int64_t>(columns_, column);
}

std::optional<double> Row::real_or_null(std::size_t column) const {
  return as_or_null<double>(columns_, column);
}

std::optional<std::string> Row::text_or_null(std::size_t column) const {
  return as_or_null<std::string>(columns_, column);
}

bool store_is_away(const Error& error) {
  return error.code == "store_unavailable" || error.code == "store_in_doubt" || error.code == "overloaded";
}

Result<> Database::wait_for(Access access, std::function<Result<>(Sql&)> work) {
  // Shared, because set_value() may still be inside the promise when get() returns.
  const auto ended = std::make_shared<std::promise<Result<>>>();
  submit(access, std::move(work), [ended](Result<> result) { ended->set_value(std::move(result)); });
  return ended->get_future().get();
}

}  // namespace trunkline::store
