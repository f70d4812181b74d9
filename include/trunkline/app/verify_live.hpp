#pragma once

#include <trunkline/base/result.hpp>
#include <trunkline/calls/verify.hpp>
#include <trunkline/config/settings.hpp>
#include <trunkline/store/sql.hpp>

namespace trunkline::app {

/// Compares the calls that are open with what Redis shows of them, and adds to `report` what still differs after the
/// time in which the nodes make good what was lost. Nothing to compare without Redis, or while no node runs: what it
/// shows is nobody's then, and runs out. Blocks for up to half a minute. Errors: those of Database and of LiveStore.
Result<> verify_live(const config::Settings& settings, store::Database& database, calls::VerifyReport& report);

}  // namespace trunkline::app
