#pragma once

#include <trunkline/base/clock.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>

namespace trunkline {

/// Wakes one coroutine that works and rests in turn. What comes while it works, or on its way to rest, is kept, so that
/// `while (!ending) { wakeup.take(); work; co_await wakeup.rest(time); }` sees everything that was said, before a
/// wake(), by then at the latest. One thread runs the loop; after a wake() it must have ended before this goes.
class Wakeup {
 public:
  explicit Wakeup(boost::asio::io_context& loop) : loop_(loop), timer_(loop) {}

  /// Any thread. Cheap when one is on its way already.
  void wake();

  // On the loop:

  /// At once: nothing is on its way when this goes.
  void wake_now();
  /// Whether somebody woke since the last take().
  bool woken() const { return woken_; }
  /// Forgets it: what comes from here on is new.
  void take() { woken_ = false; }
  /// Until woken() or the time is over.
  boost::asio::awaitable<void> rest(milliseconds time);

 private:
  boost::asio::io_context& loop_;
  boost::asio::steady_timer timer_;
  std::atomic<bool> on_its_way_{false};
  bool woken_ = false;
};

/// Until the time is over, whatever happens.
boost::asio::awaitable<void> pause(milliseconds time);

}  // namespace trunkline
