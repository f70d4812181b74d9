#include <trunkline/base/thread_pool.hpp>

#include <pthread.h>

#include <utility>

namespace trunkline {

ThreadPool::ThreadPool(std::string name, std::size_t threads, std::size_t limit, milliseconds gather)
    : name_(std::move(name)), limit_(limit), gather_(gather) {
  threads_.reserve(threads);
  for (std::size_t i = 0; i < threads; ++i) {
    threads_.emplace_back([this] { run(); });
    pthread_setname_np(threads_.back().native_handle(), name_.substr(0, 15).c_str());
  }
}

ThreadPool::~ThreadPool() {
  stop();
}

void ThreadPool::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  leave_.notify_all();
  for (auto& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
  const std::lock_guard lock(mutex_);
  stopped_ = true;
}

bool ThreadPool::try_post(std::function<void()> job) {
  bool wakes = false;
  {
    const std::lock_guard lock(mutex_);
    if (stopped_ || jobs_.size() >= limit_) return false;
    jobs_.push_back(std::move(job));
    wakes = asleep_ > 0 && !gathering_;
    if (wakes) gathering_ = gather_.count() > 0;
  }
  if (wakes) wake_.notify_one();
  return true;
}

std::size_t ThreadPool::queued() const {
  const std::lock_guard lock(mutex_);
  return jobs_.size();
}

void ThreadPool::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (jobs_.empty()) sleep(lock);
    if (jobs_.empty()) {
      if (stopping_) return;
      continue;  // another thread took what this one was woken for
    }
    auto job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    job();
    job = nullptr;
    lock.lock();
  }
}

void ThreadPool::sleep(std::unique_lock<std::mutex>& lock) {
  ++asleep_;
  wake_.wait(lock, [this] { return stopping_ || gathering_ || !jobs_.empty(); });
  --asleep_;
  if (!gathering_) return;
  leave_.wait_for(lock, gather_, [this] { return stopping_; });
  gathering_ = false;
  if (jobs_.size() > 1) wake_.notify_one();  // nobody was woken for those that came meanwhile
}

}  // namespace trunkline
