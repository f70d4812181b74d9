#include "net/poller.hpp"

#include <trunkline/net/worker.hpp>

#include <pthread.h>

#include <algorithm>
#include <string>

namespace trunkline::net {
namespace {

constexpr milliseconds tick{500};

thread_local Worker* this_worker = nullptr;

}  // namespace

Worker::Worker(std::size_t index)
    : index_(index),
      work_(context_.get_executor()),
      timer_(context_),
      poller_(std::make_unique<Poller>(context_)),
      last_turn_(std::chrono::steady_clock::now().time_since_epoch().count()) {}

Worker::~Worker() {
  stop();
}

Worker* Worker::current() {
  return this_worker;
}

MonoTime Worker::last_turn() const {
  return MonoTime{MonoTime::duration{last_turn_.load(std::memory_order_relaxed)}};
}

void Worker::start() {
  arm();
  thread_ = std::thread([this] {
    this_worker = this;
    context_.run();
  });
  pthread_setname_np(thread_.native_handle(), ("worker-" + std::to_string(index_)).c_str());
}

void Worker::stop() {
  context_.stop();
  if (thread_.joinable()) thread_.join();
}

bool Worker::run_ready() {
  this_worker = this;
  context_.restart();
  const std::size_t handlers = context_.poll();
  this_worker = nullptr;
  return handlers > 0;
}

void Worker::arm() {
  timer_.expires_after(tick);
  timer_.async_wait([this](boost::system::error_code error) {
    if (error) return;
    const auto now = std::chrono::steady_clock::now();
    const auto late = std::chrono::duration_cast<milliseconds>(now - timer_.expiry());
    lag_ms_.store(std::max<std::int64_t>(late.count(), 0), std::memory_order_relaxed);
    last_turn_.store(now.time_since_epoch().count(), std::memory_order_relaxed);
    for (auto it = ticking_.begin(); it != ticking_.end();) (it++)->on_tick(now);
    arm();
  });
}

Workers::Workers(std::size_t count) {
  if (count == 0) count = std::max(1U, std::thread::hardware_concurrency());
  for (std::size_t i = 0; i < count; ++i) workers_.push_back(std::make_unique<Worker>(i));
}

Workers::~Workers() {
  stop();
}

void Workers::start() {
  for (auto& worker : workers_) worker->start();
}

void Workers::stop() {
  for (auto& worker : workers_) worker->stop();
}

void Workers::run_ready() {
  for (bool any = true; any;) {
    any = false;
    for (auto& worker : workers_) any = worker->run_ready() || any;
  }
}

}  // namespace trunkline::net
