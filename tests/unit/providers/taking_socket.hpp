#pragma once

#include <trunkline/net/websocket.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace trunkline::providers::test {

/// The other end of a provider's socket. As the real one does, it takes the first close and then nothing more.
class TakingSocket final : public net::WebSocket {
 public:
  explicit TakingSocket(asio::io_context& loop) : loop_(loop) {}

  bool send_text(std::string_view message) override {
    if (!closed) sent.emplace_back(message);
    return !closed;
  }
  bool send_binary(std::span<const std::uint8_t> /*message*/) override { return !closed; }
  void flush() override {}
  void ping() override {}
  void close(net::CloseCode code, std::string_view /*reason*/) override {
    if (!closed) closed = code;
  }
  void abort() override {}
  void pause_reading() override {}
  void resume_reading() override {}
  std::size_t unsent_bytes() const override { return 0; }
  asio::io_context& context() override { return loop_; }

  std::vector<std::string> sent;
  std::optional<net::CloseCode> closed;

 private:
  asio::io_context& loop_;
};

}  // namespace trunkline::providers::test
