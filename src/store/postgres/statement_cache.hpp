#pragma once

#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace trunkline::store::postgres {

/// What one connection has prepared: names by text. Knows the `limit` that were used last; it does not talk itself.
class StatementCache {
 public:
  explicit StatementCache(std::size_t limit) : limit_(limit) {}

  /// The name under which `key` is prepared, or null. Good until the next call.
  const std::string* find(std::string_view key);
  /// A name for what is prepared next.
  std::string next_name() { return "s" + std::to_string(++names_); }
  /// `key` is prepared now.
  void add(std::string key, std::string name);
  /// Names that were put out since the last call: the server may forget them.
  std::vector<std::string> take_forgotten();

 private:
  struct Entry {
    std::string key;
    std::string name;
  };

  std::size_t limit_;
  std::size_t names_ = 0;
  std::list<Entry> by_use_;                                                  // the last used first
  std::unordered_map<std::string_view, std::list<Entry>::iterator> by_key_;  // keys point into the entries
  std::vector<std::string> forgotten_;
};

}  // namespace trunkline::store::postgres
