#pragma once

#include <trunkline/calls/event.hpp>
#include <trunkline/store/sql.hpp>

#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace trunkline::calls {

inline store::Value time_or_null(const std::optional<WallTime>& time) {
  return time ? store::Value(to_millis(*time)) : store::Value();
}
inline store::Value or_else(store::Value value, store::Value otherwise) {
  return std::holds_alternative<std::monostate>(value) ? std::move(otherwise) : std::move(value);
}

/// An event's data, or an object in it, as columns: null where a member is missing or of another kind.
class Fields {
 public:
  explicit Fields(const Event& event) : Fields(nlohmann::json::parse(event.data, nullptr, false)) {}
  explicit Fields(nlohmann::json data) : data_(std::move(data)) {}

  bool usable() const { return data_.is_object(); }
  bool has(const char* key) const { return usable() && data_.contains(key); }
  store::Value text(const char* key) const {
    return has(key) && data_[key].is_string() ? store::Value(data_[key].get<std::string>()) : store::Value();
  }
  store::Value integer(const char* key) const {
    return has(key) && data_[key].is_number() ? store::Value(data_[key].get<std::int64_t>()) : store::Value();
  }
  store::Value real(const char* key) const {
    return has(key) && data_[key].is_number() ? store::Value(data_[key].get<double>()) : store::Value();
  }
  store::Value truth(const char* key) const { return std::int64_t{has(key) && data_[key] == true}; }
  Fields within(const char* key) const { return Fields(has(key) ? data_[key] : nlohmann::json()); }

 private:
  const nlohmann::json data_;
};

}  // namespace trunkline::calls
