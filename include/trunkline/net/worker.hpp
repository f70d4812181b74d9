#pragma once

#include <trunkline/base/clock.hpp>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/intrusive/list.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

namespace trunkline::net {

namespace asio = boost::asio;

class Poller;

/// Something that wants to see time pass on its worker, about twice a second. Unlinks itself when destroyed, which
/// must not happen inside on_tick() of another: connections let go of themselves in a posted handler.
class Ticking : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
  virtual ~Ticking() = default;
  virtual void on_tick(MonoTime now) = 0;
};

/// One thread with one loop. Everything that a connection owns lives on its worker and needs no lock.
class Worker {
 public:
  explicit Worker(std::size_t index);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// The worker whose thread this is; null on any other thread.
  static Worker* current();

  asio::io_context& context() { return context_; }
  std::size_t index() const { return index_; }
  /// Where the plain WebSockets of this worker are watched.
  Poller& poller() { return *poller_; }

  /// On the worker's own thread only.
  void add(Ticking& ticking) { ticking_.push_back(ticking); }

  /// How late the loop's timer last fired. Any thread.
  milliseconds lag() const { return milliseconds{lag_ms_.load(std::memory_order_relaxed)}; }
  /// When the loop last turned. Any thread: a loop that hangs cannot report its lag.
  MonoTime last_turn() const;

  void start();
  void stop();
  /// After stop(): runs what is ready on the calling thread. False when nothing was.
  bool run_ready();

 private:
  void arm();

  std::size_t index_;
  asio::io_context context_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  asio::steady_timer timer_;
  boost::intrusive::list<Ticking, boost::intrusive::constant_time_size<false>> ticking_;
  std::unique_ptr<Poller> poller_;
  std::atomic<std::int64_t> lag_ms_{0};
  std::atomic<std::int64_t> last_turn_;
  std::thread thread_;
};

/// All workers of the process.
class Workers {
 public:
  /// `count` 0: one per core.
  explicit Workers(std::size_t count);
  ~Workers();

  std::size_t size() const { return workers_.size(); }
  Worker& at(std::size_t index) { return *workers_[index]; }
  const Worker& at(std::size_t index) const { return *workers_[index]; }
  /// Round robin; any thread.
  Worker& next() { return *workers_[next_.fetch_add(1, std::memory_order_relaxed) % workers_.size()]; }

  void start();
  /// Stops the loops and joins. What they still owned is destroyed with them.
  void stop();
  /// After stop(), on the calling thread: everything that is ready, until nothing is.
  void run_ready();

 private:
  std::vector<std::unique_ptr<Worker>> workers_;
  std::atomic<std::size_t> next_{0};
};

}  // namespace trunkline::net
