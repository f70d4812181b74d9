#pragma once

#include "support/manual_clock.hpp"
#include "support/scratch.hpp"

#include <trunkline/store/memory_live.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>

namespace trunkline::store::test {

/// A loop that turns on a thread of its own until it is ended, at the latest with the object.
class RunningLoop {
 public:
  RunningLoop() : thread_([this] { context_.run(); }) {}
  ~RunningLoop() { end(); }
  RunningLoop(const RunningLoop&) = delete;
  RunningLoop& operator=(const RunningLoop&) = delete;

  asio::io_context& context() { return context_; }
  std::thread::id thread() const { return thread_.get_id(); }
  void end() {
    context_.stop();
    if (thread_.joinable()) thread_.join();
  }
  /// What the coroutine comes to on that loop.
  template <class T>
  T ask(asio::awaitable<T> question) {
    return asio::co_spawn(context_, std::move(question), asio::use_future).get();
  }

 private:
  asio::io_context context_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_{context_.get_executor()};
  std::thread thread_;
};

/// A place for live state, on each driver in turn: a test that has one runs once a driver. It is made in a fixture,
/// before anything else of the test.
class AnyLive {
 public:
  /// One node: its own connection, delivered to on `loop`.
  std::unique_ptr<LiveStore> open(asio::io_context& loop) { return make_memory_live(loop, clock_); }

  /// Lets that much time go by for the store.
  void lapse(milliseconds time) { clock_.advance(time); }

 private:
  trunkline::test::ManualClock clock_;
};

}  // namespace trunkline::store::test
