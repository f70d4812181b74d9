#pragma once

#include <trunkline/net/websocket.hpp>
#include <trunkline/net/worker.hpp>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace trunkline::test {

/// An open socket for JSON messages, whose other end reads `room` of them and then no more. Lives on the loop of
/// `worker`.
class FakeSocket final : public net::WebSocket {
 public:
  explicit FakeSocket(net::Worker& worker) : worker_(worker) {}

  bool send_text(std::string_view message) override {
    if (sent.size() >= room) return false;
    sent.push_back(nlohmann::json::parse(message));
    return true;
  }
  bool send_binary(std::span<const std::uint8_t> /*message*/) override { return false; }
  void flush() override { ++flushes; }
  void ping() override {}
  void close(net::CloseCode code, std::string_view reason) override { closed.push_back({code, std::string(reason)}); }
  void abort() override { aborted = true; }
  void pause_reading() override {}
  void resume_reading() override {}
  std::size_t unsent_bytes() const override { return unsent; }
  boost::asio::io_context& context() override { return worker_.context(); }

  /// Places in the log of what was sent, 0 for what is not in it.
  std::vector<std::int64_t> seqs() const {
    std::vector<std::int64_t> out;
    for (const auto& event : sent) out.push_back(event.value("seq", 0));
    return out;
  }

  std::size_t room = std::numeric_limits<std::size_t>::max();
  std::vector<nlohmann::json> sent;
  std::vector<net::CloseInfo> closed;
  std::size_t flushes = 0;
  std::size_t unsent = 0;
  bool aborted = false;

 private:
  net::Worker& worker_;
};

/// Turns the worker's loop on this thread until `holds`; no handler is waited for longer than ten seconds.
template <class Condition>
void turn_until(net::Worker& worker, Condition holds) {
  while (!holds()) REQUIRE(worker.context().run_one_for(std::chrono::seconds{10}) == 1);
}

}  // namespace trunkline::test
