#include "net/poller.hpp"
#include "net/websocket_connection.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace trunkline::net {
namespace {

constexpr int reads_in_a_row = 8;  // of a peer that sends without a pause, before others get their turn

error_code last_error() {
  return {errno, boost::system::system_category()};
}

// A WebSocket on a plain socket, read when the poller says so and written to at once.
class PlainWebSocket final : public WebSocketConnection, public Poller::Client {
 public:
  PlainWebSocket(WebSocketParts parts, int socket)
      : WebSocketConnection(std::move(parts)), poller_(worker().poller()), socket_(socket) {}

  ~PlainWebSocket() override {
    if (socket_ >= 0) ::close(socket_);
  }

  void start(std::span<const std::uint8_t> early) {
    const bool watched = poller_.add(socket_, {shared_from_this(), this});
    const error_code refusal = last_error();
    opened(early);
    if (!watched) lost(refusal);
  }

  void on_ready(Readiness ready, MonoTime now) override {
    broken_ = broken_ || ready.broken;
    ended_ = ended_ || ready.ended || ready.broken;
    unread_ = unread_ || ready.readable || ended_;
    if ((ready.writable || broken_) && std::exchange(waits_for_room_, false)) written({});
    read(now);
  }

 private:
  void read(MonoTime now) {
    for (int round = 0; unread_ && !held() && !posted_; ++round) {
      if (round == reads_in_a_row) return read_on();
      const auto room = poller_.buffer();
      const ssize_t size = ::recv(socket_, room.data(), room.size(), 0);
      if (size <= 0) return nothing_read(size);
      // Less than asked for is all there is: what comes later is told anew. The end may have been told already.
      unread_ = static_cast<std::size_t>(size) == room.size() || ended_;
      received(room.first(static_cast<std::size_t>(size)), now);
    }
  }

  // A connection that broke is read even when paused: there is nobody to hold up any more.
  bool held() const { return socket_ < 0 || (paused() && !broken_); }

  void nothing_read(ssize_t size) {
    if (size < 0 && errno == EINTR) return read_on();
    unread_ = false;
    if (size == 0) return lost(asio::error::make_error_code(asio::error::eof));
    if (errno != EAGAIN) lost(last_error());
  }

  bool write(std::vector<std::uint8_t>& out) override {
    while (!out.empty()) {
      const ssize_t size = ::send(socket_, out.data(), out.size(), MSG_NOSIGNAL);
      if (size < 0 && errno == EINTR) continue;
      if (size < 0 && errno == EAGAIN) return waits_for_room_ = true;
      if (size < 0) return tell_later(last_error());
      if (static_cast<std::size_t>(size) == out.size()) {
        out.clear();
      } else {
        out.erase(out.begin(), out.begin() + size);
      }
    }
    return false;
  }

  bool tell_later(error_code error) {
    asio::post(context(), [this, self = shared_from_this(), error] { written(error); });
    return true;
  }

  // At most one turn is taken in advance.
  void read_on() override {
    if (!unread_ || std::exchange(posted_, true)) return;
    asio::post(context(), [this, self = shared_from_this()] {
      posted_ = false;
      read(std::chrono::steady_clock::now());
    });
  }

  void shutdown_send() override { ::shutdown(socket_, SHUT_WR); }

  void shut() override {
    poller_.remove(socket_);
    ::shutdown(socket_, SHUT_RDWR);
    ::close(std::exchange(socket_, -1));
  }

  Poller& poller_;
  int socket_;
  bool unread_ = false;
  bool ended_ = false;
  bool broken_ = false;
  bool waits_for_room_ = false;
  bool posted_ = false;  // read() will come in its turn
};

}  // namespace

void start_websocket(WebSocketParts parts, TcpSocket socket, std::span<const std::uint8_t> early) {
  error_code error;
  socket.set_option(tcp::no_delay(true), error);
  socket.non_blocking(true, error);
  const int descriptor = socket.release(error);
  if (error) return parts.handler->on_close({CloseCode::abnormal, error.message(), 0});
  std::make_shared<PlainWebSocket>(std::move(parts), descriptor)->start(early);
}

}  // namespace trunkline::net
