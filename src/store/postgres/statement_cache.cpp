#include "store/postgres/statement_cache.hpp"

#include <utility>

namespace trunkline::store::postgres {

const std::string* StatementCache::find(std::string_view key) {
  const auto known = by_key_.find(key);
  if (known == by_key_.end()) return nullptr;
  by_use_.splice(by_use_.begin(), by_use_, known->second);
  return &by_use_.front().name;
}

void StatementCache::add(std::string key, std::string name) {
  if (by_use_.size() >= limit_) {
    by_key_.erase(by_use_.back().key);
    forgotten_.push_back(std::move(by_use_.back().name));
    by_use_.pop_back();
  }
  by_use_.push_front({std::move(key), std::move(name)});
  by_key_.emplace(by_use_.front().key, by_use_.begin());
}

std::vector<std::string> StatementCache::take_forgotten() {
  return std::exchange(forgotten_, {});
}

}  // namespace trunkline::store::postgres
