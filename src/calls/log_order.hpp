#pragma once

#include <trunkline/calls/call_service.hpp>
#include <trunkline/store/sql.hpp>

// The order that all see. Nodes commit events side by side, so one that was inserted earlier may become visible later;
// who had read beyond it would miss it. So events get their numbers after the commit, one transaction at a time, in the
// order in which they were inserted: that is, in each call, the order of its versions.
namespace trunkline::calls {

/// How far the log goes, and whether events wait for their numbers.
LogEnd find_log_end(store::Sql& sql);

/// Numbers at most `limit` events of the outbox.
LogEnd number_events(store::Sql& sql, std::size_t limit);

}  // namespace trunkline::calls
