#include <trunkline/media/active_streams.hpp>

#include <boost/asio/post.hpp>

#include <utility>

namespace trunkline::media {

bool ActiveStreams::add(const std::string& call_id, boost::asio::any_io_executor executor,
                        std::weak_ptr<LiveStream> stream) {
  const std::lock_guard lock(mutex_);
  expected_.erase(call_id);
  if (entries_.size() >= limit_) return false;
  return entries_.try_emplace(call_id, Entry{std::move(executor), std::move(stream)}).second;
}

bool ActiveStreams::replace(const std::string& call_id, boost::asio::any_io_executor executor,
                            std::weak_ptr<LiveStream> stream) {
  const std::lock_guard lock(mutex_);
  expected_.erase(call_id);
  const auto found = entries_.find(call_id);
  if (found == entries_.end() && entries_.size() >= limit_) return false;
  if (found != entries_.end()) post(found->second, [](LiveStream& old) { old.end(EndCause::replaced); }, {});
  entries_[call_id] = {std::move(executor), std::move(stream)};
  return true;
}

void ActiveStreams::remove(const std::string& call_id, const LiveStream& stream) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(call_id);
  if (found == entries_.end()) return;
  const auto holder = found->second.stream.lock();
  if (!holder || holder.get() == &stream) entries_.erase(found);
}

void ActiveStreams::expect(const std::string& call_id, MonoTime until) {
  const std::lock_guard lock(mutex_);
  if (expected_.size() >= limit_) {
    std::erase_if(expected_,
                  [now = std::chrono::steady_clock::now()](const auto& entry) { return entry.second <= now; });
  }
  if (expected_.size() < limit_) expected_[call_id] = until;
}

void ActiveStreams::expect_no_more(const std::string& call_id) {
  const std::lock_guard lock(mutex_);
  expected_.erase(call_id);
}

std::size_t ActiveStreams::expected(MonoTime now) {
  const std::lock_guard lock(mutex_);
  std::erase_if(expected_, [now](const auto& entry) { return entry.second <= now; });
  return expected_.size();
}

bool ActiveStreams::has(const std::string& call_id) const {
  const std::lock_guard lock(mutex_);
  return entries_.contains(call_id);
}

std::size_t ActiveStreams::size() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

std::vector<std::string> ActiveStreams::call_ids() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> ids;
  ids.reserve(entries_.size());
  for (const auto& [id, entry] : entries_) ids.push_back(id);
  return ids;
}

void ActiveStreams::post(const Entry& entry, std::function<void(LiveStream&)> work, std::function<void()> gone) {
  boost::asio::post(entry.executor, [stream = entry.stream, work = std::move(work), gone = std::move(gone)] {
    if (const auto alive = stream.lock()) {
      work(*alive);
    } else if (gone) {
      gone();
    }
  });
}

bool ActiveStreams::post(const std::string& call_id, std::function<void(LiveStream&)> work,
                         std::function<void()> gone) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(call_id);
  if (found == entries_.end()) return false;
  post(found->second, std::move(work), std::move(gone));
  return true;
}

void ActiveStreams::post_all(const std::function<void(LiveStream&)>& work) {
  const std::lock_guard lock(mutex_);
  for (const auto& [id, entry] : entries_) post(entry, work, {});
}

}  // namespace trunkline::media
