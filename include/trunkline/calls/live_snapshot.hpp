#pragma once

#include <trunkline/base/clock.hpp>
#include <trunkline/base/result.hpp>
#include <trunkline/calls/call.hpp>
#include <trunkline/store/live.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

/// How nodes show each other whole calls, and that they have changed, in the live store.
namespace trunkline::calls {

/// The hash of a call: `call/CALL`.
std::string live_key(std::string_view call_id);

/// A call as it was shown at a moment, by the clock of the node that showed it.
struct LiveSnapshot {
  Call call;
  WallTime read_at;
};

/// Adds the fields `snapshot` and `asOf` to the call's hash.
void add_snapshot(store::Hash& shown, const Call& call, WallTime read_at);
/// Nothing when the hash holds none. Error `live_damaged` when what it holds is not a snapshot of that call, or not
/// what the rest of the hash is about.
Result<std::optional<LiveSnapshot>> find_snapshot(const store::Hash& shown, std::string_view call_id);

/// The channel on which nodes say which calls have changed.
inline const std::string changes_channel = "calls/changed";

/// Calls by id, and the versions that they have now.
using Changes = std::map<std::string, std::int64_t>;

/// A line a call, `CALL VERSION`.
std::string to_message(const Changes& changes);
/// Instead of such lines: any call may have changed.
inline const std::string all_changed = "*";

/// `on_change` hears of each line; what is none is passed over. False when any call may have changed, which is also so
/// when something could not be read.
bool read_changes(std::string_view message,
                  const std::function<void(const std::string& call_id, std::int64_t version)>& on_change);

}  // namespace trunkline::calls
