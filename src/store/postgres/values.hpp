#pragma once

#include <trunkline/store/sql.hpp>

#include <libpq-fe.h>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace trunkline::store::postgres {

/// Parameters as libpq takes them: as text, numbers with their types. Text and null have none, so that the server reads
/// them as what the place asks for, as SQLite does.
class Params {
 public:
  /// Throws SqlFailure for text with a NUL byte.
  explicit Params(std::span<const Value> values);

  int count() const { return static_cast<int>(types_.size()); }
  const Oid* types() const { return types_.data(); }
  std::vector<const char*> texts() const;
  /// One letter a type: statements are prepared for the types that they are given.
  std::string signature() const;

 private:
  std::vector<Oid> types_;
  std::vector<std::optional<std::string>> texts_;
};

/// One array a column, as Postgres writes them. Throws SqlFailure for a row with another number of columns.
std::vector<Value> arrays_of(std::span<const Tuple> rows, std::size_t columns);

/// The rows of an answer. Integers and booleans are integers, as is a sum of them; other numbers are real, all else is
/// text. Throws SqlFailure for bytes (bytea).
std::vector<Row> rows_of(const PGresult* result);

/// The number behind the last parameter of `statement`: 2 in `a = $1 AND b = $2`. Text in quotes does not count.
std::size_t highest_parameter(std::string_view statement);

}  // namespace trunkline::store::postgres
