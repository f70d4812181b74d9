#include "store/redis/core.hpp"

#include "store/live_rules.hpp"
#include "store/redis/handshake.hpp"

#include <trunkline/observe/log.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <utility>

namespace trunkline::store::redis {

Core::Core(RedisOptions options, asio::io_context& loop, const Clock& clock)
    : options_(std::move(options)),
      loop_(loop),
      clock_(clock),
      commands_(*this, loop, options_, clock, Session::Use::commands),
      listening_(*this, loop, options_, clock, Session::Use::listening),
      subscriptions_(*this, listening_, options_, clock) {}

void Core::start() {
  asio::post(loop_, [self = self()] {
    self->commands_.start();
    self->listening_.start();
    asio::co_spawn(self->loop_, self->watch(self), asio::detached);
    if (self->options_.sentinels.empty()) return;
    asio::co_spawn(self->loop_, self->follow_master(self), asio::detached);
  });
}

void Core::stop() {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(stopped_, true)) return;
  }
  connected_ = false;
  asio::post(loop_, [self = self()] {
    self->commands_.stop();
    self->listening_.stop();
    self->take_inbox();
    self->connected_ = false;
  });
}

void Core::submit(Request request) {
  std::unique_lock lock(mutex_);
  if (stopped_) {
    lock.unlock();
    return request.done(live::stopped());
  }
  inbox_.push_back(std::move(request));
  if (std::exchange(coming_, true)) return;
  asio::post(loop_, [self = self()] { self->take_inbox(); });
}

void Core::take_inbox() {
  std::vector<Request> requests;
  {
    const std::lock_guard lock(mutex_);
    requests.swap(inbox_);
    coming_ = false;
  }
  for (Request& request : requests) commands_.submit(std::move(request));
  commands_.flush();
}

void Core::listen(std::shared_ptr<Listener> listener) {
  asio::post(loop_, [self = self(), listener = std::move(listener)] { self->subscriptions_.add(listener); });
}

void Core::leave(std::shared_ptr<Listener> listener) {
  asio::post(loop_, [self = self(), listener = std::move(listener)] { self->subscriptions_.remove(listener); });
}

asio::awaitable<void> Core::watch(std::shared_ptr<Core> /*alive*/) {
  const milliseconds interval = std::clamp(options_.timeout / 10, milliseconds(5), milliseconds(50));
  asio::steady_timer timer(loop_);
  for (;;) {
    timer.expires_after(interval);
    co_await timer.async_wait(asio::use_awaitable);
    if (stopped()) co_return;
    commands_.tick();
    listening_.tick();
  }
}

// After a failover the old master is one in its own eyes for a while: what it is told then is lost.
asio::awaitable<void> Core::follow_master(std::shared_ptr<Core> /*alive*/) {
  asio::steady_timer timer(loop_);
  for (;;) {
    timer.expires_after(options_.idle_limit);
    co_await timer.async_wait(asio::use_awaitable);
    if (stopped()) co_return;
    const auto master = co_await find_master(loop_, options_);
    if (!master || stopped()) continue;
    for (Link* link : {&commands_, &listening_}) {
      if (link->up() && link->address() != *master) {
        link->drop(make_error("live_unavailable", "Sentinel names another master"));
      }
    }
  }
}

bool Core::stopped() {
  const std::lock_guard lock(mutex_);
  return stopped_;
}

void Core::on_up(Link& link) {
  if (&link == &listening_) {
    subscriptions_.on_up();
  } else if (std::exchange(was_up_, true)) {
    ++losses_;
  }
  if (commands_.up() && listening_.up()) tell_of_return();
}

void Core::on_down(Link& link, const Error& why, bool was_up) {
  if (&link == &listening_) subscriptions_.on_down();
  connected_ = false;
  tell_of_loss(why, was_up);
}

void Core::on_published(const Published& published) {
  subscriptions_.on_published(published);
}

void Core::tell_of_loss(const Error& why, bool was_up) {
  const bool first = !lost_at_;
  if (first) lost_at_ = clock_.mono();
  if (why.code == "live_refused") {  // does not mend itself
    if (!std::exchange(told_refusal_, true)) log::error("Redis cannot be used; calls go on", {{"reason", why.message}});
  } else if (first) {
    log::warn(was_up ? "the connection to Redis was lost; calls go on" : "Redis cannot be reached; calls go on",
              {{"reason", why.message}, {"detail", why.detail}});
  }
}

void Core::tell_of_return() {
  connected_ = true;
  told_refusal_ = false;
  const RedisAddress& at = commands_.address();
  if (const auto since = std::exchange(lost_at_, std::nullopt)) {
    const auto lost = std::chrono::duration_cast<milliseconds>(clock_.mono() - *since);
    log::info("connected to Redis again", {{"host", at.host}, {"port", at.port}, {"lostMs", lost.count()}});
  } else {
    log::info("connected to Redis", {{"host", at.host}, {"port", at.port}});
  }
}

}  // namespace trunkline::store::redis
