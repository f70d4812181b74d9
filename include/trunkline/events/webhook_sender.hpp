#pragma once

#include <trunkline/base/clock.hpp>
#include <trunkline/base/ids.hpp>
#include <trunkline/base/wakeup.hpp>
#include <trunkline/calls/call_service.hpp>
#include <trunkline/config/settings.hpp>
#include <trunkline/events/webhooks.hpp>
#include <trunkline/net/worker.hpp>
#include <trunkline/observe/metrics.hpp>
#include <trunkline/store/sql.hpp>

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>

namespace trunkline::events::webhooks {

/// Brings events to the endpoints: looks through the log for each, writes down what it is owed, sends, tries again.
///
/// An endpoint is sent to by one node at a time, which claims it for half a minute and renews the claim while it lives;
/// within a call the deliveries go one after the other, in the order of the log. What was under way when a node died is
/// sent again, with the same webhook-id. Lives on one worker until the workers stopped.
class Sender final {
 public:
  struct Parts {
    calls::CallService& calls;
    store::Database& database;
    Registry& registry;
    net::Worker& worker;
    observe::Metrics& metrics;
    const config::Webhooks& settings;
    const Clock& clock;
    Ids& ids;
    std::string node_id;  ///< of this process, never used before by another
  };
  explicit Sender(Parts parts);
  ~Sender();

  /// Any thread, once.
  void start();
  /// The log has grown. Any thread.
  void wake() { wakeup_.wake(); }
  /// Sends nothing more; what is under way is given a few seconds, then let go of. Any thread.
  void stop();
  /// After stop(): whether all is let go of. Any thread.
  bool idle() const { return pumps_alive_ == 0; }

 private:
  class Pump;

  asio::awaitable<void> look_forever();
  asio::awaitable<Result<>> look();
  asio::awaitable<void> prune_forever();
  asio::awaitable<void> export_forever();
  std::size_t limit_per_endpoint() const;
  void under_way(int more);
  void ended(const Pump& pump);

  Parts parts_;
  Wakeup wakeup_;
  std::atomic<bool> asked_{true};  // somebody changed an endpoint, or wants something sent
  std::atomic<bool> stopping_{false};
  std::atomic<int> pumps_alive_{0};
  std::map<std::string, std::shared_ptr<Pump>> pumps_;  // by endpoint
  std::size_t in_flight_ = 0;
  std::minstd_rand dice_;
};

}  // namespace trunkline::events::webhooks
