#pragma once

#include <trunkline/calls/call_service.hpp>
#include <trunkline/calls/provider.hpp>
#include <trunkline/config/settings.hpp>
#include <trunkline/observe/metrics.hpp>
#include <trunkline/store/sql.hpp>

#include <cstddef>
#include <vector>

namespace trunkline::app {

/// Asks the provider about calls of which nothing is heard any more, and about those that we closed by ourselves, and
/// makes both sides agree: what is over there is over here, and what is over here is hung up there. On one loop; for
/// one node at a time, although two do no harm.
class Reconciler {
 public:
  struct Parts {
    const config::Calls& limits;
    calls::CallService& calls;
    store::Database& database;
    calls::Provider& provider;
    observe::Metrics& metrics;
    const Clock& clock;
  };
  explicit Reconciler(const Parts& parts) : parts_(parts) {}

  /// Asks at most 50 questions, four at a time. A provider that wants fewer is left alone for the next run, then for
  /// two, four, ... up to 16.
  asio::awaitable<void> run();

 private:
  struct Round;

  asio::awaitable<Result<std::vector<calls::Call>>> doubtful() const;
  asio::awaitable<void> ask_all(std::vector<calls::Call> calls);
  asio::awaitable<void> ask(Round& round);
  asio::awaitable<Result<const char*>> reconcile(const calls::Call& call) const;
  asio::awaitable<Result<const char*>> agree_that_it_lives(const calls::Call& call) const;
  void count(Round& round, const calls::Call& call, const Result<const char*>& result) const;
  void back_off(bool limited);

  Parts parts_;
  std::size_t left_alone_ = 0;  // runs to come
  std::size_t last_pause_ = 0;
};

}  // namespace trunkline::app
