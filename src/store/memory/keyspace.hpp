#pragma once

#include "store/token_bucket.hpp"

#include <trunkline/store/live.hpp>

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <variant>

namespace trunkline::store::memory {

/// Members in the order of Redis: by score, then by name.
struct ScoredSet {
  std::map<std::string, double> scores;
  std::set<std::pair<double, std::string>> order;

  void put(const std::string& member, double score);
  void erase(const std::string& member);
};
using Items = std::deque<std::string>;
struct Claim {
  std::string holder;
  std::int64_t fence = 0;
};
using Held = std::variant<std::string, Hash, ScoredSet, Items, Claim, BucketLevel>;

/// Keys whose values go when their time is over, and a limit to how many there are. No locks.
class Keyspace {
 public:
  explicit Keyspace(std::size_t max_keys) : max_keys_(max_keys) {}

  /// Null when there is none whose time is not over. Until the next change of the keyspace.
  Held* find(const std::string& key, MonoTime now);
  /// Puts `value` there, whatever was there before.
  Held& put(const std::string& key, Held value, MonoTime now, milliseconds ttl);
  /// As find(), and what is there lives for `ttl` from now on.
  Held* keep(const std::string& key, MonoTime now, milliseconds ttl);
  void erase(const std::string& key);
  std::size_t size() const { return entries_.size(); }

 private:
  using Order = std::multimap<MonoTime, const std::string*>;
  struct Entry {
    Held value;
    Order::iterator place;
  };
  using Entries = std::unordered_map<std::string, Entry>;

  void erase(Entries::iterator entry);
  void sweep(MonoTime now);
  void make_room();

  std::size_t max_keys_;
  Entries entries_;
  Order order_;  // by when their time is over; the keys stand in entries_
};

}  // namespace trunkline::store::memory
