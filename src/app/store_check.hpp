#pragma once

#include <trunkline/base/clock.hpp>
#include <trunkline/base/offload.hpp>
#include <trunkline/observe/health.hpp>
#include <trunkline/store/sql.hpp>

namespace trunkline::app {

/// Tells the health of dependency `store`. A check writes what reaches the disk: a store that only reads, or whose disk
/// is full, cannot accept calls. Each check has one outcome, reported once: the store's answer, or, when there is none
/// by then, that it does not answer within `patience`. On one loop.
class StoreCheck {
 public:
  StoreCheck(store::Database& database, observe::Health& health, const Clock& clock,
             milliseconds patience = milliseconds{5'000});

  /// One check. Ends with the answer, whatever was reported: a store that hangs is not asked again and again.
  asio::awaitable<void> run();

 private:
  asio::awaitable<Result<std::int64_t>> write_pulse();

  store::Database& database_;
  observe::Health& health_;
  const Clock& clock_;
  const milliseconds patience_;
};

}  // namespace trunkline::app
