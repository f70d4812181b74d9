#pragma once

#include <trunkline/base/offload.hpp>
#include <trunkline/calls/providers.hpp>

#include <boost/asio/io_context.hpp>

#include <cstddef>
#include <deque>

namespace trunkline::app {

/// Ends at the provider what is over here, so that nobody who closes calls waits for it: a few at once, each for as
/// long as the provider takes at most, the others one after the other. On one loop.
class HangUps {
 public:
  static constexpr std::size_t at_once = 8;
  static constexpr std::size_t most_waiting = 500;

  HangUps(const calls::Providers& providers, asio::io_context& loop) : providers_(providers), loop_(loop) {}

  /// How many more may wait. Who has more waits with them: what was not closed is found again.
  std::size_t room() const { return most_waiting - waiting_.size(); }
  /// While there is room.
  void push(calls::Call call);

 private:
  asio::awaitable<void> drain();
  asio::awaitable<void> hang_up(const calls::Call& call);

  const calls::Providers& providers_;
  asio::io_context& loop_;
  std::deque<calls::Call> waiting_;
  std::size_t draining_ = 0;
};

}  // namespace trunkline::app
