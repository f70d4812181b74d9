#pragma once

#include "unit/net/events.hpp"

#include <trunkline/net/websocket.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <functional>
#include <future>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace trunkline::test {

/// A WebSocketHandler that tells the test what it hears as lines of text and does what the test hooked in.
/// Events: `open`, `text:...`, `binary:...`, `batch`, `close:<code>:<http status>:<reason>`.
class SpokenHandler final : public net::WebSocketHandler, public std::enable_shared_from_this<SpokenHandler> {
 public:
  Events events;
  std::function<void(net::WebSocket&)> when_open;
  std::function<void(net::WebSocket&, std::string_view)> when_text;
  std::function<void(net::WebSocket&, std::span<const std::uint8_t>)> when_binary;
  std::function<void(net::WebSocket&)> when_ticked;
  bool tells_batches = false;
  std::size_t told = 64;  ///< bytes of a message that go into its event

  void on_open(net::WebSocket& socket) override {
    socket_ = &socket;
    context_ = &socket.context();
    if (when_open) when_open(socket);
    events.push("open");
  }
  void on_text(std::string_view message) override {
    if (when_text) when_text(*socket_, message);
    events.push("text:" + std::string(message.substr(0, told)));
  }
  void on_binary(std::span<const std::uint8_t> message) override {
    if (when_binary) when_binary(*socket_, message);
    const auto size = std::min(message.size(), told);
    events.push("binary:" + std::string(message.begin(), message.begin() + static_cast<std::ptrdiff_t>(size)));
  }
  void on_batch_end() override {
    if (tells_batches) events.push("batch");
  }
  void on_tick(MonoTime /*now*/) override {
    if (when_ticked) when_ticked(*socket_);
  }
  void on_close(const net::CloseInfo& info) override {
    socket_ = nullptr;
    events.push("close:" + std::to_string(static_cast<int>(info.code)) + ":" + std::to_string(info.http_status) + ":" +
                info.reason);
  }

  /// Runs `act(socket)` on the socket's worker and gives back its answer. Call it after the event `open` only.
  template <class Act>
  auto on_worker(Act act) {
    std::promise<decltype(act(*socket_))> promise;
    auto result = promise.get_future();
    boost::asio::post(*context_, [this, self = shared_from_this(), act, promise = std::move(promise)]() mutable {
      if (socket_ == nullptr) {
        promise.set_exception(std::make_exception_ptr(std::runtime_error("the socket is closed")));
      } else if constexpr (std::is_void_v<decltype(act(*socket_))>) {
        act(*socket_);
        promise.set_value();
      } else {
        promise.set_value(act(*socket_));
      }
    });
    if (result.wait_for(std::chrono::seconds{10}) != std::future_status::ready) {
      throw std::runtime_error("the worker does not answer");
    }
    return result.get();
  }

 private:
  net::WebSocket* socket_ = nullptr;  // of the worker
  boost::asio::io_context* context_ = nullptr;
};

/// One that sends back what it hears.
inline std::shared_ptr<SpokenHandler> make_echo() {
  auto echo = std::make_shared<SpokenHandler>();
  echo->when_text = [](net::WebSocket& socket, std::string_view message) { socket.send_text(message); };
  echo->when_binary = [](net::WebSocket& socket, std::span<const std::uint8_t> message) {
    socket.send_binary(message);
  };
  return echo;
}

}  // namespace trunkline::test
