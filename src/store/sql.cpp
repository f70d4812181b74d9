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

}  // namespace

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
