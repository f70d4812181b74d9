#pragma once

#include <cstddef>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace trunkline {

/// At most `limit` values by name: for one more, the one goes that was used longest ago. For one thread at a time.
template <class Value>
class Lru {
 public:
  explicit Lru(std::size_t limit) : limit_(limit) {}

  /// To look at a value is to use it. Valid until the next change.
  Value* find(std::string_view name) {
    const auto found = places_.find(name);
    if (found == places_.end()) return nullptr;
    order_.splice(order_.begin(), order_, found->second);
    return &found->second->second;
  }

  /// Puts it in the place of what has that name. `on_drop(const Value&)` hears of what had to go for it.
  template <class OnDrop>
  void put(std::string_view name, Value value, OnDrop on_drop) {
    if (Value* known = find(name)) {
      *known = std::move(value);
      return;
    }
    order_.emplace_front(std::string(name), std::move(value));
    places_.emplace(order_.front().first, order_.begin());
    if (order_.size() <= limit_) return;
    on_drop(order_.back().second);
    places_.erase(order_.back().first);
    order_.pop_back();
  }
  void put(std::string_view name, Value value) {
    put(name, std::move(value), [](const Value&) {});
  }

  void erase(std::string_view name) {
    const auto found = places_.find(name);
    if (found == places_.end()) return;
    const auto place = found->second;
    places_.erase(found);
    order_.erase(place);
  }

  void clear() {
    places_.clear();
    order_.clear();
  }

  std::size_t size() const { return order_.size(); }

 private:
  using Order = std::list<std::pair<std::string, Value>>;

  std::size_t limit_;
  Order order_;  // the last used first
  std::unordered_map<std::string_view, typename Order::iterator> places_;
};

}  // namespace trunkline
