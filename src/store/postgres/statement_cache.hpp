#pragma once

#include <trunkline/base/lru.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace trunkline::store::postgres {

/// What one connection has prepared: names by text. Knows the `limit` that were used last; it does not talk itself.
class StatementCache {
 public:
  explicit StatementCache(std::size_t limit) : names_by_key_(limit) {}

  /// The name under which `key` is prepared, or null. Good until the next call.
  const std::string* find(std::string_view key) { return names_by_key_.find(key); }
  /// A name for what is prepared next.
  std::string next_name() { return "s" + std::to_string(++names_); }
  /// `key` is prepared now.
  void add(std::string_view key, std::string name);
  /// Names that were put out since the last call: the server may forget them.
  std::vector<std::string> take_forgotten();

 private:
  std::size_t names_ = 0;
  Lru<std::string> names_by_key_;
  std::vector<std::string> forgotten_;
};

}  // namespace trunkline::store::postgres
