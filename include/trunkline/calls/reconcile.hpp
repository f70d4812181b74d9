#pragma once

#include <trunkline/base/clock.hpp>
#include <trunkline/base/offload.hpp>
#include <trunkline/base/result.hpp>
#include <trunkline/calls/call.hpp>
#include <trunkline/calls/call_service.hpp>
#include <trunkline/calls/provider.hpp>
#include <trunkline/store/sql.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace trunkline::calls {

/// Which calls a provider should be asked about.
struct Doubts {
  std::string provider;
  WallTime quiet_since;  ///< nothing was stored about a call from then on
  WallTime ended_after;  ///< calls that were over before it are let be
  std::size_t limit = 50;
};

/// Live calls of which nothing is heard any more, and which no running stream answers for; the longest quiet first.
asio::awaitable<Result<std::vector<Call>>> find_stuck(store::Database& database, Doubts doubts);

/// Calls that are ENDED by our own conclusion, without a word of the provider; those that ended last come first. Not
/// those that the provider has said it does not know.
asio::awaitable<Result<std::vector<Call>>> find_concluded(store::Database& database, Doubts doubts);

/// Marks a live call as heard of, so that nobody closes it for its silence.
asio::awaitable<Result<>> touch(store::Database& database, std::string call_id, WallTime now);

/// What the provider's word makes of the call: nothing when it says no more than the log. A call that the provider does
/// not know (no word) is closed as FAILED with the reason `unknown-to-provider`. Each is stored once. Pure.
std::optional<StatusUpdate> settlement(const Call& call, const std::optional<ProviderWord>& word, WallTime now);

}  // namespace trunkline::calls
