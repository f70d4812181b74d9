#pragma once

#include "events/webhook_queue.hpp"

#include <trunkline/base/wakeup.hpp>
#include <trunkline/events/webhook_sender.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace trunkline::events::webhooks {

/// Sends to one endpoint that this node has claimed. Everything on the sender's worker.
class Sender::Pump : public std::enable_shared_from_this<Sender::Pump> {
 public:
  Pump(Sender& sender, std::string endpoint_id);

  void start();
  /// There may be something new: in the log, or (a change of `touched`) somebody has asked for something.
  void look_again(std::optional<std::int64_t> touched);
  /// What others had under way is done: there is room again.
  void room();
  void end();
  const std::string& endpoint_id() const { return endpoint_id_; }

 private:
  asio::awaitable<void> run();
  asio::awaitable<bool> turn();
  asio::awaitable<void> let_go();
  bool is_over(WallTime now) const;
  asio::awaitable<void> read_log();
  bool has_work(WallTime now) const;
  bool may_step() const;
  milliseconds rest_time(WallTime now) const;
  Step next_step(WallTime now) const;
  void take(const Step& step, StepResult result);
  void tell(const Step& step, const StepResult& result) const;

  asio::awaitable<void> send(Sending sending);
  asio::awaitable<bool> deliver(Sent& sent);
  asio::awaitable<bool> is_ours();
  asio::awaitable<std::optional<std::string>> body_of(Delivery delivery);

  Sender& sender_;
  const std::string endpoint_id_;
  Wakeup wakeup_;
  bool first_ = true;     // nothing of ours can be under way
  bool asked_ = true;     // a step is wanted although nothing is known to be due
  bool log_grew_ = true;  // there may be more behind the cursor
  bool starved_ = false;  // others used up what may be under way
  std::int64_t touched_ = 0;
  std::optional<WallTime> ending_;  // since
  MonoTime claimed_until_;          // by our own measure: before it is over for the others
  bool lost_ = false;               // the claim
  std::optional<WallTime> next_;
  Endpoint endpoint_;
  bool known_ = false;  // endpoint_ is
  bool full_ = false;
  LogPage log_;
  std::vector<Sent> sent_;
  std::size_t in_flight_ = 0;
};

}  // namespace trunkline::events::webhooks
