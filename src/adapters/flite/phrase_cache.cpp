#include <adapters/flite/phrase_cache.hpp>

namespace trunkline::adapters {

std::optional<PhraseCache::Audio> PhraseCache::find(const std::string& key) {
  const std::lock_guard lock(mutex_);
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return std::nullopt;
  entries_.splice(entries_.begin(), entries_, found->second);
  return found->second->audio;
}

void PhraseCache::keep(const std::string& key, const Audio& audio) {
  if (audio.size() > limit_) return;
  const std::lock_guard lock(mutex_);
  if (by_key_.contains(key)) return;  // another thread spoke it meanwhile
  entries_.push_front({key, audio});
  by_key_.emplace(key, entries_.begin());
  bytes_ += audio.size();
  while (bytes_ > limit_) {
    bytes_ -= entries_.back().audio.size();
    by_key_.erase(entries_.back().key);
    entries_.pop_back();
  }
}

}  // namespace trunkline::adapters
