#pragma once

#include <trunkline/observe/metrics.hpp>
#include <trunkline/providers/acs/call_automation.hpp>

#include <string_view>

namespace trunkline::providers::acs {

/// What came of an attempt, in one of a few words: `ok`, `not_found` (the call is over), `denied`, `throttled`,
/// `refused` (another 4xx), `failed` (5xx), `timeout`, `unreachable`, `not_sent` (the service is left alone).
std::string_view word_of(const Attempt& attempt);

/// Counts an attempt. `resting`: whether the service is left alone from now on.
void count(observe::Metrics& metrics, const Attempt& attempt, bool resting);

}  // namespace trunkline::providers::acs
