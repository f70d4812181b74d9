#include <trunkline/base/wakeup.hpp>

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace trunkline {

namespace asio = boost::asio;

// Whoever finds one on its way has said what he has to say before that arrives.
void Wakeup::wake() {
  if (on_its_way_.exchange(true)) return;
  asio::post(loop_, [this] {
    on_its_way_ = false;
    wake_now();
  });
}

void Wakeup::wake_now() {
  woken_ = true;
  timer_.cancel();
}

asio::awaitable<void> Wakeup::rest(milliseconds time) {
  if (woken_) co_return;
  timer_.expires_after(time);
  boost::system::error_code cancelled;
  co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
}

asio::awaitable<void> pause(milliseconds time) {
  asio::steady_timer timer(co_await asio::this_coro::executor, time);
  co_await timer.async_wait(asio::use_awaitable);
}

}  // namespace trunkline
