#include "store/redis/link.hpp"

#include "store/backoff.hpp"
#include "store/live_rules.hpp"
#include "store/redis/handshake.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <random>
#include <utility>

namespace trunkline::store::redis {
namespace {

constexpr std::size_t read_bytes = 16 * 1024;
constexpr milliseconds first_pause{20};
constexpr milliseconds settled{1'000};  // a connection that held for so long was a good one

double chance() {
  thread_local std::minstd_rand random{std::random_device{}()};
  return std::uniform_real_distribution<double>{}(random);
}

// What a caller, and so a client, may know; the reason is for the log.
Error unavailable(const Error& why) {
  return make_error("live_unavailable", "the live state cannot be reached; try again later", why.message);
}

void tell(Request& request, Result<Replies> result) {
  live::tell([&] { request.done(std::move(result)); });
}

}  // namespace

Link::Link(LinkOwner& owner, asio::io_context& loop, const RedisOptions& options, const Clock& clock, Session::Use use)
    : owner_(owner),
      loop_(loop),
      options_(options),
      clock_(clock),
      use_(use),
      buffer_(read_bytes),
      pause_(loop),
      up_at_(clock.mono()),
      heard_at_(up_at_) {}

void Link::start() {
  asio::co_spawn(loop_, run(owner_.shared_from_this()), asio::detached);
}

void Link::stop() {
  stopped_ = true;
  if (up()) drop(live::stopped());
  pause_.cancel();
  if (session_) {
    for (Request& request : session_->abandon()) waiting_.push_back(std::move(request));
  }
  fail_waiting(live::stopped());
}

asio::awaitable<void> Link::run(std::shared_ptr<LinkOwner> /*owner*/) {
  Backoff backoff(first_pause, options_.longest_pause);
  while (!stopped_) {
    const Error why = co_await serve();
    if (up() && clock_.mono() - up_at_ >= settled) backoff.reset();
    become_down(why);
    if (stopped_) break;
    pause_.expires_after(backoff.next(chance()));
    boost::system::error_code cancelled;
    co_await pause_.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
  }
}

asio::awaitable<Error> Link::serve() {
  auto transport = co_await connect_to_master(loop_, options_, address_);
  if (!transport) co_return transport.error();
  if (stopped_) {
    (*transport)->close();
    co_return live::stopped();
  }
  become_up(std::move(*transport));
  Error why;
  co_await read_all(why);
  co_return dropped_.value_or(why);
}

asio::awaitable<void> Link::read_all(Error& why) {
  for (;;) {
    const auto size = co_await transport_->read_some(buffer_);
    heard_at_ = clock_.mono();
    std::vector<Heard> heard;
    const Result<> read = size ? session_->receive({buffer_.data(), *size}, heard) : Result<>(size.error());
    for (Heard& one : heard) {
      if (auto* answered = std::get_if<Answered>(&one)) {
        answer(std::move(*answered));
      } else {
        owner_.on_published(std::get<Published>(one));
      }
    }
    if (!read) {
      why = read.error();
      co_return;
    }
    flush();
  }
}

void Link::become_up(std::shared_ptr<Transport> transport) {
  transport_ = std::move(transport);
  session_.emplace(use_, options_.max_reply_bytes);
  dropped_.reset();
  writing_ = false;
  away_.reset();
  up_at_ = heard_at_ = clock_.mono();
  owner_.on_up(*this);
  for (Request& request : std::exchange(waiting_, {})) session_->send(std::move(request));
  flush();
}

void Link::become_down(const Error& why) {
  const bool was_up = up();
  std::deque<Request> unanswered;
  if (was_up) {
    unanswered = session_->abandon();
    session_.reset();
    std::exchange(transport_, nullptr)->close();
  }
  if (!was_up) away_ = why;
  for (Request& request : unanswered) {
    if (std::exchange(request.repeatable, false) && !stopped_) {
      waiting_.push_back(std::move(request));
    } else {
      tell(request, unavailable(why));
    }
  }
  if (away_ || stopped_) fail_waiting(unavailable(why));
  if (!stopped_) owner_.on_down(*this, why, was_up);
}

void Link::submit(Request request) {
  if (stopped_) return tell(request, live::stopped());
  if (away_) return tell(request, unavailable(*away_));
  if (session_) return session_->send(std::move(request));
  waiting_.push_back(std::move(request));
}

void Link::flush() {
  if (!session_ || writing_ || !session_->has_output()) return;
  writing_ = true;
  transport_->write(session_->take_output(),
                    [this, owner = owner_.shared_from_this(), of = transport_.get()](bool good) {
                      if (transport_.get() != of) return;  // it is lost
                      writing_ = false;
                      if (good) return flush();
                      transport_->close();
                    });
}

void Link::tick() {
  const MonoTime now = clock_.mono();
  while (!waiting_.empty() && waiting_.front().deadline <= now) {
    tell(waiting_.front(), unavailable(make_error("", "no connection in time")));
    waiting_.pop_front();
  }
  if (!session_) return;
  const auto due = session_->deadline();
  if (due && *due <= now && !catching_up(*due, now)) {
    return drop(make_error("live_unavailable", "Redis does not answer in time"));
  }
  if (due || now - heard_at_ < options_.idle_limit) return;
  Request ping = make_request({{"PING"}}, now + options_.timeout);
  ping.done = [](const Result<Replies>&) {};
  session_->send(std::move(ping));
  flush();
}

// After our own loop stood still there is more to read than one read brings.
bool Link::catching_up(MonoTime due, MonoTime now) const {
  return now - heard_at_ < options_.timeout / 4 && now - due < options_.timeout;
}

void Link::answer(Answered answered) {
  const auto& replies = answered.replies;
  const auto asked = answered.request.deadline - options_.timeout;
  live::tell([&] { options_.on_answer(clock_.mono() - asked); });
  for (const Reply& reply : replies) {
    if (is_no_master(reply)) drop(make_error("live_unavailable", "Redis is no master any more"));
  }
  tell(answered.request, std::move(answered.replies));
}

void Link::drop(Error why) {
  if (!dropped_) dropped_ = std::move(why);
  transport_->close();
}

void Link::fail_waiting(const Error& why) {
  for (Request& request : std::exchange(waiting_, {})) tell(request, why);
}

}  // namespace trunkline::store::redis
