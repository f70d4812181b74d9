#include "store/memory/keyspace.hpp"

namespace trunkline::store::memory {
namespace {

constexpr int sweep_batch = 16;  // a change adds one key at most: what is over goes faster than it comes

}  // namespace

void ScoredSet::put(const std::string& member, double score) {
  erase(member);
  scores.emplace(member, score);
  order.emplace(score, member);
}

void ScoredSet::erase(const std::string& member) {
  const auto found = scores.find(member);
  if (found == scores.end()) return;
  order.erase({found->second, member});
  scores.erase(found);
}

Held* Keyspace::find(const std::string& key, MonoTime now) {
  const auto found = entries_.find(key);
  if (found == entries_.end()) return nullptr;
  if (found->second.place->first > now) return &found->second.value;
  erase(found);
  return nullptr;
}

Held& Keyspace::put(const std::string& key, Held value, MonoTime now, milliseconds ttl) {
  erase(key);
  sweep(now);
  make_room();
  const auto entry = entries_.try_emplace(key, Entry{std::move(value), order_.end()}).first;
  entry->second.place = order_.emplace(now + ttl, &entry->first);
  return entry->second.value;
}

Held* Keyspace::keep(const std::string& key, MonoTime now, milliseconds ttl) {
  if (find(key, now) == nullptr) return nullptr;
  Entry& entry = entries_.find(key)->second;
  auto node = order_.extract(entry.place);
  node.key() = now + ttl;
  entry.place = order_.insert(std::move(node));
  return &entry.value;
}

void Keyspace::erase(const std::string& key) {
  const auto found = entries_.find(key);
  if (found != entries_.end()) erase(found);
}

void Keyspace::erase(Entries::iterator entry) {
  order_.erase(entry->second.place);
  entries_.erase(entry);
}

void Keyspace::sweep(MonoTime now) {
  for (int i = 0; i < sweep_batch && !order_.empty() && order_.begin()->first <= now; ++i) {
    erase(entries_.find(*order_.begin()->second));
  }
}

void Keyspace::make_room() {
  while (!order_.empty() && entries_.size() >= max_keys_) erase(entries_.find(*order_.begin()->second));
}

}  // namespace trunkline::store::memory
