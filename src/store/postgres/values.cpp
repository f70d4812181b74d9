#include "store/postgres/values.hpp"

#include "store/postgres/failure.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace trunkline::store::postgres {
namespace {

// From the server's catalogue pg_type: these numbers never change.
constexpr Oid of_bool = 16, of_bytes = 17, of_int8 = 20, of_int2 = 21, of_int4 = 23, of_oid = 26, of_float4 = 700,
              of_float8 = 701, of_numeric = 1700, inferred = 0;

template <class T>
std::string to_text(T number) {
  std::array<char, 32> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number).ptr;
  return {buffer.data(), end};
}

struct Encoded {
  Oid type = inferred;
  std::optional<std::string> text;
};

struct Encode {
  Encoded operator()(std::monostate) const { return {inferred, std::nullopt}; }
  Encoded operator()(std::int64_t value) const { return {of_int8, to_text(value)}; }
  Encoded operator()(double value) const { return {of_float8, to_text(value)}; }
  Encoded operator()(const std::string& value) const {
    if (value.find('\0') != std::string::npos) {
      throw SqlFailure(SqlFailure::Kind::value, "a text holds a NUL byte, which Postgres cannot store");
    }
    return {inferred, value};
  }
};

struct AppendElement {
  std::string& out;

  void operator()(std::monostate) const { out.append("NULL"); }
  void operator()(std::int64_t value) const { out.append(to_text(value)); }
  void operator()(double value) const { out.append(to_text(value)); }
  void operator()(const std::string& value) const {
    out.push_back('"');
    for (const char c : value) {
      if (c == '"' || c == '\\') out.push_back('\\');
      out.push_back(c);
    }
    out.push_back('"');
  }
};

std::int64_t to_integer(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw SqlFailure(SqlFailure::Kind::value, "not a 64-bit integer: " + std::string(text));
  }
  return value;
}

double to_real(std::string_view text) {
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);  // knows NaN and Infinity, and no locale
  return value;
}

Value column_of(const PGresult* result, int row, int column) {
  if (PQgetisnull(result, row, column) == 1) return std::monostate{};
  const std::string_view text(PQgetvalue(result, row, column),
                              static_cast<std::size_t>(PQgetlength(result, row, column)));
  switch (PQftype(result, column)) {
    case of_bool:
      return std::int64_t{text == "t"};
    case of_int2:
    case of_int4:
    case of_int8:
    case of_oid:
      return to_integer(text);
    case of_float4:
    case of_float8:
      return to_real(text);
    case of_numeric:  // a sum of integers has no point, an average has
      return text.find_first_of(".NI") == std::string_view::npos ? Value(to_integer(text)) : Value(to_real(text));
    case of_bytes:
      throw misuse("column " + std::to_string(column) + " is a blob");
    default:
      return std::string(text);
  }
}

}  // namespace

Params::Params(std::span<const Value> values) {
  types_.reserve(values.size());
  texts_.reserve(values.size());
  for (const Value& value : values) {
    auto [type, text] = std::visit(Encode{}, value);
    types_.push_back(type);
    texts_.push_back(std::move(text));
  }
}

std::vector<const char*> Params::texts() const {
  std::vector<const char*> pointers;
  pointers.reserve(texts_.size());
  for (const auto& text : texts_) pointers.push_back(text ? text->c_str() : nullptr);
  return pointers;
}

std::string Params::signature() const {
  std::string letters(types_.size(), 't');
  std::transform(types_.begin(), types_.end(), letters.begin(), [](Oid type) {
    return type == of_int8 ? 'i' : type == of_float8 ? 'r' : 't';
  });
  return letters;
}

std::vector<Value> arrays_of(std::span<const Tuple> rows, std::size_t columns) {
  std::vector<std::string> arrays(columns, "{");
  for (const Tuple& row : rows) {
    if (row.size() != columns) throw misuse("a row has " + std::to_string(row.size()) + " columns");
    for (std::size_t i = 0; i < columns; ++i) {
      if (arrays[i].size() > 1) arrays[i].push_back(',');
      std::visit(AppendElement{arrays[i]}, row[i]);
    }
  }
  std::vector<Value> values;
  values.reserve(columns);
  for (std::string& array : arrays) values.emplace_back(std::move(array.append("}")));
  return values;
}

std::vector<Row> rows_of(const PGresult* result) {
  std::vector<Row> rows;
  const int count = PQntuples(result);
  const int columns = PQnfields(result);
  rows.reserve(static_cast<std::size_t>(count));
  for (int row = 0; row < count; ++row) {
    std::vector<Value> values;
    values.reserve(static_cast<std::size_t>(columns));
    for (int column = 0; column < columns; ++column) values.push_back(column_of(result, row, column));
    rows.emplace_back(std::move(values));
  }
  return rows;
}

std::size_t highest_parameter(std::string_view statement) {
  std::size_t highest = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < statement.size(); ++i) {
    if (statement[i] == '\'') quoted = !quoted;
    if (quoted || statement[i] != '$') continue;
    std::size_t number = 0;
    std::from_chars(statement.data() + i + 1, statement.data() + statement.size(), number);
    highest = std::max(highest, number);
  }
  return highest;
}

}  // namespace trunkline::store::postgres
