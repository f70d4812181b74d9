#pragma once

#include <trunkline/calls/call_service.hpp>
#include <trunkline/observe/metrics.hpp>
#include <trunkline/store/sql.hpp>

namespace trunkline::app {

/// Counts calls as their events are committed.
class CallMetrics final : public calls::EventObserver {
 public:
  explicit CallMetrics(observe::Metrics& metrics) : metrics_(metrics) {}

  /// The calls that an earlier run left open are active from the start.
  Result<> seed(store::Database& database);

  void on_committed(const calls::Event& event, const calls::Call& call, std::optional<calls::State> previous) override;

 private:
  observe::Metrics& metrics_;
};

}  // namespace trunkline::app
