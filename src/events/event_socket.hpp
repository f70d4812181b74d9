#pragma once

#include <trunkline/calls/event.hpp>
#include <trunkline/events/event_hub.hpp>

#include <memory>
#include <string>
#include <vector>

namespace trunkline::events {

Published published(const calls::Event& event);

/// One subscriber. First it reads the log up to its end, then it follows what the hub broadcasts; what arrives in
/// between waits and is recognised by its place in the log, so nothing is missed and nothing comes twice.
class EventHub::Socket final : public net::WebSocketHandler, public std::enable_shared_from_this<EventHub::Socket> {
 public:
  Socket(EventHub& hub, Subscription subscription) : hub_(hub), subscription_(std::move(subscription)) {}

  void on_open(net::WebSocket& socket) override;
  void on_text(std::string_view /*message*/) override {}  // nothing is asked of subscribers
  void on_binary(std::span<const std::uint8_t> /*message*/) override {}
  void on_close(const net::CloseInfo& info) override;

  /// Any thread.
  void post(Batch batch);
  const Subscription& subscription() const { return subscription_; }

 private:
  asio::awaitable<void> catch_up();
  asio::awaitable<Result<std::vector<calls::Event>>> next_page();
  asio::awaitable<bool> reads_on();
  void take(const Batch& batch);
  bool send(const Published& event);
  void too_slow();
  void leave(const std::string& reason);

  EventHub& hub_;
  const Subscription subscription_;
  net::WebSocket* socket_ = nullptr;
  asio::io_context* loop_ = nullptr;  // set before the hub knows of us
  bool following_ = false;
  std::int64_t last_seq_ = 0;
  std::vector<Batch> waiting_;  // broadcast while we catch up
  bool missed_ = false;         // there were too many
};

}  // namespace trunkline::events
