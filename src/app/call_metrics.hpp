#pragma once

#include <trunkline/calls/call_service.hpp>
#include <trunkline/observe/metrics.hpp>
#include <trunkline/store/sql.hpp>

#include <set>
#include <string>
#include <utility>
#include <vector>

namespace trunkline::app {

/// Counts calls as their events are committed.
class CallMetrics final : public calls::EventObserver {
 public:
  explicit CallMetrics(observe::Metrics& metrics) : metrics_(metrics) {}

  /// The calls that an earlier run left open are active from the start.
  Result<> seed(store::Database& database);
  /// Counts anew those that are open, on all nodes: calls whose ends were told to another one. On one loop.
  asio::awaitable<Result<>> recount(store::Database& database);

  void on_committed(const calls::Event& event, const calls::Call& call, std::optional<calls::State> previous) override;

 private:
  void show(const std::vector<store::Row>& open);

  observe::Metrics& metrics_;
  std::set<std::pair<std::string, std::string>> shown_;  ///< provider and direction
};

}  // namespace trunkline::app
