#pragma once

#include <trunkline/base/clock.hpp>
#include <trunkline/base/offload.hpp>
#include <trunkline/base/result.hpp>
#include <trunkline/store/sql.hpp>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace trunkline::calls {

/// Requests that come while others are being stored are stored together, in the order in which they came: one
/// transaction, one wait for the disk. Who comes first leads: its coroutine stores what waits by then, hands the lead
/// to the first of those that came in the meantime, and gives everybody its outcome. The lead is handed on earlier when
/// the store takes long: a transaction that is stuck holds up nobody but its own.
template <class Request, class Answer>
class Gathering {
 public:
  using Requests = std::vector<const Request*>;
  using Outcomes = std::vector<Result<Answer>>;  ///< in the order of the requests
  /// Stores all in one transaction, or none: then it gives one error for all.
  using Store = std::function<asio::awaitable<Result<Outcomes>>(Requests)>;

  explicit Gathering(Store store, milliseconds patience = milliseconds(500))
      : store_(std::move(store)), patience_(patience) {}

  /// Any worker. Errors besides those of the store: `overloaded` when 10,000 wait.
  asio::awaitable<Result<Answer>> submit(const Request& request) {
    Seat seat{&request, std::nullopt};
    const Call call = co_await await_value<Call>([&](auto deliver) { sit_down(seat, std::move(deliver)); });
    if (call == Call::lead) co_await lead();
    co_return std::move(*seat.outcome);
  }

 private:
  static constexpr std::size_t most_at_once = 64;
  static constexpr std::size_t most_waiting = 10'000;

  enum class Call : std::uint8_t { lead, done };
  struct Seat {
    const Request* request;
    std::optional<Result<Answer>> outcome;
  };
  struct Waiting {
    Seat* seat;
    std::function<void(Call)> wake;
  };
  using Waiters = std::vector<Waiting>;

  void sit_down(Seat& seat, std::function<void(Call)> wake) {
    std::unique_lock lock(mutex_);
    if (queue_.size() >= most_waiting) {
      lock.unlock();
      seat.outcome = make_error("overloaded", "too many requests wait for the database; try again later");
      return wake(Call::done);
    }
    queue_.push_back({&seat, nullptr});
    if (std::exchange(led_, true)) {
      queue_.back().wake = std::move(wake);
      return;
    }
    lock.unlock();
    wake(Call::lead);
  }

  // The leader's own seat is the first in the queue.
  asio::awaitable<void> lead() {
    Waiters waiters = take(most_at_once);
    Requests requests;
    for (const Waiting& waiting : waiters) requests.push_back(waiting.seat->request);
    asio::steady_timer patience(co_await asio::this_coro::executor, patience_);
    const auto handed_on = std::make_shared<bool>(false);
    patience.async_wait([this, handed_on](const boost::system::error_code& cancelled) {
      if (!cancelled && !std::exchange(*handed_on, true)) hand_over();
    });
    auto stored = co_await store_together(requests);
    patience.cancel();
    const bool leads = !std::exchange(*handed_on, true);
    const bool away = !stored && store::store_is_away(stored.error());
    if (stored) {
      for (std::size_t i = 0; i < waiters.size(); ++i) waiters[i].seat->outcome = std::move((*stored)[i]);
    } else if (away || requests.size() == 1) {
      for (const Waiting& waiting : waiters) waiting.seat->outcome = stored.error();
    } else {  // the others shall not go with the one that is refused
      for (const Waiting& waiting : waiters) co_await store_alone(*waiting.seat);
    }
    if (leads && away) refuse_all(stored.error(), waiters);
    if (leads) hand_over();
    for (const Waiting& waiting : waiters) {
      if (waiting.wake) waiting.wake(Call::done);
    }
  }

  asio::awaitable<void> store_alone(Seat& seat) {
    Requests one(1, seat.request);
    auto stored = co_await store_together(std::move(one));
    if (stored) {
      seat.outcome = std::move(stored->front());
    } else {
      seat.outcome = stored.error();
    }
  }

  asio::awaitable<Result<Outcomes>> store_together(Requests requests) {
    try {
      co_return co_await store_(std::move(requests));
    } catch (const std::exception& exception) {
      co_return make_error("store_failed", "work on the database failed", exception.what());
    }
  }

  // Nobody shall wait for a try of his own.
  void refuse_all(const Error& error, Waiters& waiters) {
    for (Waiting& waiting : take(most_waiting)) {
      waiting.seat->outcome = error;
      waiters.push_back(std::move(waiting));
    }
  }

  Waiters take(std::size_t limit) {
    const std::lock_guard lock(mutex_);
    const auto end = queue_.begin() + static_cast<std::ptrdiff_t>(std::min(limit, queue_.size()));
    Waiters taken(std::move_iterator(queue_.begin()), std::move_iterator(end));
    queue_.erase(queue_.begin(), end);
    return taken;
  }

  void hand_over() {
    std::function<void(Call)> wake;
    {
      const std::lock_guard lock(mutex_);
      led_ = !queue_.empty();
      if (led_) wake = std::exchange(queue_.front().wake, nullptr);
    }
    if (wake) wake(Call::lead);
  }

  const Store store_;
  const milliseconds patience_;
  std::mutex mutex_;
  std::deque<Waiting> queue_;
  bool led_ = false;
};

}  // namespace trunkline::calls
