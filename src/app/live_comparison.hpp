#pragma once

#include <trunkline/base/clock.hpp>
#include <trunkline/base/offload.hpp>
#include <trunkline/calls/verify.hpp>
#include <trunkline/store/live.hpp>
#include <trunkline/store/sql.hpp>

#include <vector>

namespace trunkline::app {

/// What is compared, and how patiently: nodes write what is live after what is stored, and renew what was lost.
struct LiveComparison {
  store::LiveStore& live;
  store::Database& database;
  const Clock& clock;
  milliseconds node_timeout;  ///< without a beat in so long no node runs, and what is shown is nobody's
  int looks = 50;             ///< at most; the first that finds nothing is the last
  milliseconds between_looks{500};
};

/// What still differs at the last look. Errors: those of Database and of LiveStore.
asio::awaitable<Result<std::vector<calls::Difference>>> compare_live(LiveComparison parts);

}  // namespace trunkline::app
