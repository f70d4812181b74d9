#pragma once

#include <trunkline/base/thread_pool.hpp>
#include <trunkline/calls/call_service.hpp>
#include <trunkline/net/worker.hpp>
#include <trunkline/recording/library.hpp>
#include <trunkline/store/sql.hpp>

namespace trunkline::app {

/// Puts right, in the background, what a run left behind that did not end in order: recordings are finished from what
/// lies on disk, and calls that had media are marked RECONNECTING until the provider or the reaper settles them.
Result<> recover(calls::CallService& calls, recording::Library& library, store::Database& database, ThreadPool& pool,
                 net::Worker& worker, const Clock& clock);

}  // namespace trunkline::app
