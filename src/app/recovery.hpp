#pragma once

#include <trunkline/base/thread_pool.hpp>
#include <trunkline/calls/call_service.hpp>
#include <trunkline/net/worker.hpp>
#include <trunkline/recording/library.hpp>
#include <trunkline/store/sql.hpp>

#include <string>

namespace trunkline::app {

/// Puts right what a run left behind that did not end in order.
struct Recovery {
  calls::CallService& calls;
  recording::Library& library;
  ThreadPool& pool;
  const Clock& clock;

  /// For this node at its start, before anything else happens: calls that had their stream here are marked RECONNECTING
  /// until the provider or the reaper settles them, which blocks; recordings are finished on `worker`, in the
  /// background.
  Result<> begin(const std::string& node, net::Worker& worker) const;

  /// Finishes from what lies on disk the recordings that a node began before `began` and did not end.
  asio::awaitable<void> finish_recordings(std::string node, WallTime began) const;

 private:
  asio::awaitable<Result<>> lose_streams_in_time(std::string node) const;
  asio::awaitable<bool> finish_in_time(const recording::Recording& recording) const;
  asio::awaitable<Result<>> finish(const recording::Recording& recording) const;
  asio::awaitable<Result<>> tell(const recording::Recording& recording,
                                 const Result<recording::FileFacts>& facts) const;
};

}  // namespace trunkline::app
