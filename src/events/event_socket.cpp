#include "events/event_socket.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <utility>

namespace trunkline::events {
namespace {

constexpr std::size_t page_size = 500;
constexpr std::size_t max_waiting = 1'000;        // batches, while the log is read
constexpr std::size_t enough_bytes = 256 * 1024;  // under way: then half of it must be read before more is sent
constexpr milliseconds between_looks{10};
constexpr int most_looks = 1'000;

}  // namespace

Published published(const calls::Event& event) {
  return {event.seq, event.call_id, std::string(calls::to_string(event.type)), calls::to_json_text(event)};
}

void EventHub::Socket::on_open(net::WebSocket& socket) {
  socket_ = &socket;
  loop_ = &socket.context();
  {
    const std::lock_guard lock(hub_.mutex_);
    hub_.sockets_.insert(shared_from_this());
  }
  if (!subscription_.after) {
    following_ = true;
    return;
  }
  last_seq_ = *subscription_.after;
  asio::co_spawn(*loop_, [self = shared_from_this()] { return self->catch_up(); }, asio::detached);
}

void EventHub::Socket::on_close(const net::CloseInfo& /*info*/) {
  socket_ = nullptr;
  const std::lock_guard lock(hub_.mutex_);
  hub_.sockets_.erase(shared_from_this());
}

void EventHub::Socket::post(Batch batch) {
  asio::post(*loop_, [self = shared_from_this(), batch = std::move(batch)] { self->take(batch); });
}

asio::awaitable<Result<std::vector<calls::Event>>> EventHub::Socket::next_page() {
  const std::string& call_id = subscription_.call_id;
  if (call_id.empty()) return hub_.calls_.events_after(last_seq_, page_size);
  return hub_.calls_.events_of_after(call_id, last_seq_, page_size);
}

asio::awaitable<void> EventHub::Socket::catch_up() {
  for (;;) {
    const auto page = co_await next_page();
    if (socket_ == nullptr) co_return;
    if (!page) {
      co_return leave(page.error().message);
    }
    for (const auto& event : *page) {
      if (socket_->unsent_bytes() > enough_bytes) {
        const bool reads = co_await reads_on();
        if (socket_ == nullptr) co_return;
        if (!reads) co_return too_slow();
      }
      if (!send(published(event))) co_return too_slow();
    }
    socket_->flush();
    if (page->size() < page_size && !std::exchange(missed_, false)) break;
  }
  // Whatever was committed after the last page was read has been broadcast to us meanwhile: we were known before.
  following_ = true;
  for (const auto& batch : std::exchange(waiting_, {})) take(batch);
}

// Who resumes sets the pace: the log waits.
asio::awaitable<bool> EventHub::Socket::reads_on() {
  asio::steady_timer timer(*loop_);
  for (int looks = 0; looks < most_looks && socket_ != nullptr; ++looks) {
    if (socket_->unsent_bytes() <= enough_bytes / 2) co_return true;
    socket_->flush();
    timer.expires_after(between_looks);
    co_await timer.async_wait(asio::use_awaitable);
  }
  co_return false;
}

void EventHub::Socket::take(const Batch& batch) {
  if (socket_ == nullptr) return;
  if (!following_) {
    if (waiting_.size() == max_waiting) {  // it is all in the log
      waiting_.clear();
      missed_ = true;
    }
    waiting_.push_back(batch);
    return;
  }
  for (const auto& event : *batch) {
    if (!send(event)) return too_slow();
  }
  socket_->flush();
}

bool EventHub::Socket::send(const Published& event) {
  if (event.seq != 0 && event.seq <= last_seq_) return true;
  if (subscription_.wants(event.call_id, event.type) && !socket_->send_text(event.text)) return false;
  last_seq_ = std::max(last_seq_, event.seq);  // who resumes behind it has had it
  return true;
}

void EventHub::Socket::too_slow() {
  leave("reading too slowly; resume with after=" + std::to_string(last_seq_));
}

// Whatever room there is afterwards, nothing follows what was left out.
void EventHub::Socket::leave(const std::string& reason) {
  std::exchange(socket_, nullptr)->close(net::CloseCode::try_again_later, reason);
}

}  // namespace trunkline::events
