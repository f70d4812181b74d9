#include "app/hang_ups.hpp"

#include <trunkline/observe/log.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>

#include <utility>

namespace trunkline::app {

void HangUps::push(calls::Call call) {
  waiting_.push_back(std::move(call));
  if (draining_ == at_once) return;
  ++draining_;
  asio::post(loop_, [this] { asio::co_spawn(loop_, drain(), asio::detached); });
}

asio::awaitable<void> HangUps::drain() {
  while (!waiting_.empty()) {
    const calls::Call call = std::move(waiting_.front());
    waiting_.pop_front();
    co_await hang_up(call);
  }
  --draining_;
}

asio::awaitable<void> HangUps::hang_up(const calls::Call& call) {
  const auto hung_up = co_await providers_.hang_up(call);
  if (hung_up || hung_up.error().code == "provider_not_configured") co_return;
  log::warn("a stale call was not hung up", {{"callId", call.id}, {"reason", hung_up.error().message}});
}

}  // namespace trunkline::app
