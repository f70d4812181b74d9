#include "net/websocket_connection.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>

#include <utility>

namespace trunkline::net {
namespace {

// A WebSocket on TLS, by Asio's operations: each holds the connection, which ends with the last of them.
class TlsWebSocket final : public WebSocketConnection {
 public:
  TlsWebSocket(WebSocketParts parts, TlsSocket socket)
      : WebSocketConnection(std::move(parts)), socket_(std::move(socket)), in_(buffer_bytes) {}

  void start(std::span<const std::uint8_t> early) {
    opened(early);
    read_or_hold();
  }

 private:
  static constexpr std::size_t buffer_bytes = 4096;

  void read_or_hold() {
    if (paused()) {
      hold();
    } else {
      read();
    }
  }

  void read() {
    socket_.async_read_some(asio::buffer(in_), [this, self = shared_from_this()](error_code error, std::size_t size) {
      if (error) return lost(error);
      received(std::span(in_).first(size), std::chrono::steady_clock::now());
      read_or_hold();
    });
  }

  // While reading is paused, an operation that ends only with the connection keeps us alive. It may outlast the pause.
  void hold() {
    held_ = true;
    if (std::exchange(watching_, true)) return;
    lowest(socket_).async_wait(tcp::socket::wait_error, [this, self = shared_from_this()](error_code) {
      watching_ = false;
      read_on();  // tells what happened
    });
  }

  void read_on() override {
    if (std::exchange(held_, false)) read();
  }

  bool write(std::vector<std::uint8_t>& out) override {
    sending_.swap(out);
    asio::async_write(socket_, asio::buffer(sending_),
                      [this, self = shared_from_this()](error_code error, std::size_t) {
                        sending_.clear();
                        written(error);
                      });
    return true;
  }

  std::size_t sending_bytes() const override { return sending_.size(); }

  void shutdown_send() override {
    error_code ignored;
    lowest(socket_).shutdown(tcp::socket::shutdown_send, ignored);
  }

  void shut() override {
    error_code ignored;
    lowest(socket_).shutdown(tcp::socket::shutdown_both, ignored);
    lowest(socket_).close(ignored);
  }

  TlsSocket socket_;
  std::vector<std::uint8_t> in_;
  std::vector<std::uint8_t> sending_;
  bool held_ = false;      // paused, and no read is pending
  bool watching_ = false;  // the operation of hold() is pending
};

}  // namespace

void start_websocket(WebSocketParts parts, TlsSocket socket, std::span<const std::uint8_t> early) {
  error_code ignored;
  lowest(socket).set_option(tcp::no_delay(true), ignored);
  std::make_shared<TlsWebSocket>(std::move(parts), std::move(socket))->start(early);
}

}  // namespace trunkline::net
