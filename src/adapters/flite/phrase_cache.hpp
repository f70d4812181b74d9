#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace trunkline::adapters {

/// Spoken phrases, the least recently used given up first when their audio exceeds `limit` bytes. Any thread.
class PhraseCache {
 public:
  using Audio = std::vector<std::uint8_t>;

  explicit PhraseCache(std::size_t limit) : limit_(limit) {}

  std::optional<Audio> find(const std::string& key);
  /// A phrase larger than the whole cache is not kept.
  void keep(const std::string& key, const Audio& audio);

 private:
  struct Entry {
    std::string key;
    Audio audio;
  };

  const std::size_t limit_;
  std::mutex mutex_;
  std::list<Entry> entries_;  // the last used first
  std::map<std::string, std::list<Entry>::iterator, std::less<>> by_key_;
  std::size_t bytes_ = 0;
};

}  // namespace trunkline::adapters
