#include "store/job_queue.hpp"

#include <algorithm>
#include <iterator>

namespace trunkline::store {

JobQueue::Push JobQueue::try_push(Job& job) {
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return Push::closed;
    if (jobs_.size() >= limit_) return Push::full;
    jobs_.push_back(std::move(job));
  }
  wake_.notify_one();
  return Push::taken;
}

std::vector<Job> JobQueue::take(std::size_t most) {
  std::unique_lock lock(mutex_);
  wake_.wait(lock, [this] { return closed_ || !jobs_.empty(); });
  return take_first(std::min(most, jobs_.size()));
}

std::vector<Job> JobQueue::take_older(MonoTime moment) {
  const std::lock_guard lock(mutex_);
  const auto younger = std::find_if(jobs_.begin(), jobs_.end(), [&](const Job& job) { return job.since >= moment; });
  return take_first(static_cast<std::size_t>(younger - jobs_.begin()));
}

std::vector<Job> JobQueue::take_first(std::size_t count) {
  const auto end = jobs_.begin() + static_cast<std::ptrdiff_t>(count);
  std::vector<Job> taken(std::make_move_iterator(jobs_.begin()), std::make_move_iterator(end));
  jobs_.erase(jobs_.begin(), end);
  return taken;
}

void JobQueue::close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  wake_.notify_all();
}

std::size_t JobQueue::size() const {
  const std::lock_guard lock(mutex_);
  return jobs_.size();
}

}  // namespace trunkline::store
