#include "store/postgres/statement_cache.hpp"

#include <utility>

namespace trunkline::store::postgres {

void StatementCache::add(std::string_view key, std::string name) {
  names_by_key_.put(key, std::move(name), [this](const std::string& put_out) { forgotten_.push_back(put_out); });
}

std::vector<std::string> StatementCache::take_forgotten() {
  return std::exchange(forgotten_, {});
}

}  // namespace trunkline::store::postgres
