#pragma once

#include <trunkline/base/ids.hpp>
#include <trunkline/sim/acs_call.hpp>

#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace trunkline::sim {

/// Where `url` of the gateway is reached: at `target`, whatever name it has on the outside.
std::string at_target(const std::string& target, const std::string& url, bool socket = false);

/// Brings one call's callbacks to the gateway, each with a token of its own, as the plan's fault has it.
class AcsCallbacks {
 public:
  AcsCallbacks(AcsService& service, const AcsCallPlan& plan, CallReport& report)
      : service_(service), plan_(plan), report_(report), dice_(plan.seed) {}

  asio::awaitable<void> send(AcsEvent event);
  /// Those that were held back to come too late.
  asio::awaitable<void> send_late();

 private:
  asio::awaitable<void> deliver(const AcsEvent& event);
  asio::awaitable<int> post(const AcsEvent& event, std::chrono::seconds life);
  bool lost(const AcsEvent& event) {
    return plan_.fault == Fault::drop && event.name != "CallDisconnected" &&
           std::uniform_int_distribution<>(0, 1)(dice_) == 0;
  }

  AcsService& service_;
  const AcsCallPlan& plan_;
  CallReport& report_;
  std::mt19937_64 dice_;
  int expired_ = 0;  // tokens that were sent
  std::vector<AcsEvent> late_;
};

/// Plays Event Grid for one subscription.
class EventGridSubscription {
 public:
  EventGridSubscription(const AcsCallPlan& plan, Ids& ids, const Clock& clock)
      : plan_(plan), ids_(ids), clock_(clock) {}

  /// Both ways of asking whether the events are wanted. Error `handshake_failed`.
  asio::awaitable<Result<>> validate();
  /// One event about `data` (JSON). Error `refused`.
  asio::awaitable<Result<>> deliver(std::string type, std::string subject, std::string data);

 private:
  asio::awaitable<Result<>> validate_by_code();
  asio::awaitable<Result<>> validate_by_origin();
  std::string envelope(const std::string& type, const std::string& subject, const std::string& data, bool cloud_event);

  const AcsCallPlan& plan_;
  Ids& ids_;
  const Clock& clock_;
};

}  // namespace trunkline::sim
