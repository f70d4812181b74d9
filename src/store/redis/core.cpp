#include "store/redis/core.hpp"

#include "store/live_rules.hpp"

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
    {
      const std::lock_guard lock(mutex_);
      if (stopped_) co_return;
    }
    timer.expires_after(interval);
    co_await timer.async_wait(asio::use_awaitable);
    commands_.tick();
    listening_.tick();
  }
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
  if (!lost_at_) {
    lost_at_ = clock_.mono();
    log::warn(was_up ? "the connection to Redis was lost; calls go on" : "Redis cannot be reached; calls go on",
              {{"reason", why.message}, {"detail", why.detail}});
  }
  if (why.code != "live_refused" || std::exchange(told_refusal_, true)) return;
  log::error("Redis is there, but cannot be used", {{"reason", why.message}});
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
