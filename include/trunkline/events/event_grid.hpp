#pragma once

#include <trunkline/base/clock.hpp>
#include <trunkline/base/wakeup.hpp>
#include <trunkline/calls/call_service.hpp>
#include <trunkline/config/settings.hpp>
#include <trunkline/net/worker.hpp>
#include <trunkline/observe/metrics.hpp>
#include <trunkline/store/sql.hpp>

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>

namespace trunkline::events {

/// Publishes the events about calls and transcripts to an Azure Event Grid topic or domain, in the order of the log and
/// each at least once: its place in the log is in the store, and moves when Event Grid has taken what lies before. One
/// node at a time. Begins at the end of the log when it is first configured. Lives on one worker until the workers
/// stopped.
class EventGridPublisher final {
 public:
  struct Parts {
    calls::CallService& calls;
    store::Database& database;
    net::Worker& worker;
    observe::Metrics& metrics;
    const config::EventGrid& settings;
    const Clock& clock;
    std::string node_id;  ///< of this process, never used before by another
  };
  explicit EventGridPublisher(Parts parts);
  ~EventGridPublisher();

  /// Any thread, once.
  void start();
  /// The log has grown. Any thread.
  void wake() { wakeup_.wake(); }
  /// Publishes nothing more and lets another node go on. Any thread.
  void stop();
  /// After stop(): whether it has let go. Any thread.
  bool idle() const { return idle_; }

 private:
  asio::awaitable<void> run();
  asio::awaitable<milliseconds> turn();
  asio::awaitable<Result<bool>> claim();
  asio::awaitable<void> release();
  asio::awaitable<Result<milliseconds>> publish();
  asio::awaitable<int> post(std::string body);
  asio::awaitable<Result<>> move_to(std::int64_t seq);

  Parts parts_;
  const std::string url_;
  const std::string topic_;
  Wakeup wakeup_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> idle_{true};
  MonoTime claimed_until_;  ///< by our own measure: before it is over for the others
  std::int64_t place_ = 0;
  std::int64_t failures_ = 0;
  std::size_t most_;  // events in a request
};

}  // namespace trunkline::events
