#pragma once

#include "app/cleanup_store.hpp"

#include <trunkline/api/idempotent_requests.hpp>
#include <trunkline/base/thread_pool.hpp>
#include <trunkline/calls/call_service.hpp>
#include <trunkline/config/settings.hpp>
#include <trunkline/observe/metrics.hpp>
#include <trunkline/recording/library.hpp>
#include <trunkline/store/sql.hpp>

#include <span>
#include <string>
#include <string_view>

namespace trunkline::app {

/// Removes what is over and kept long enough, and puts right what nobody is left to put right: a table of jobs, each
/// done in small batches with a pause between, so that calls come first. What it does may be done by two nodes at once.
class Cleanup {
 public:
  struct Parts {
    const config::Settings& settings;
    calls::CallService& calls;
    recording::Library& library;
    store::Database& database;
    ThreadPool& files;
    observe::Metrics& metrics;
    api::IdempotentRequests& idempotent;
    const Clock& clock;
    std::string node;         ///< this one, whose recordings are here
    milliseconds pause{100};  ///< between batches
    std::size_t batch = 200;  ///< rows; a few milliseconds of the writer's time
  };
  explicit Cleanup(Parts parts) : parts_(std::move(parts)) {}

  /// Every job once, to its end. `leads`: also those that one node is enough for.
  asio::awaitable<void> run(bool leads);

  /// Whose job it is: one node's, or each node's for what lies with it.
  enum class By : std::uint8_t { leader, everyone };
  /// What a batch came to.
  struct Batch {
    std::size_t rows = 0;
    bool more = false;
  };
  struct Job {
    std::string_view name;
    By by;
    asio::awaitable<Result<Batch>> (Cleanup::*batch)();
  };
  static std::span<const Job> jobs();

 private:
  asio::awaitable<void> run_job(const Job& job);

  asio::awaitable<Result<Batch>> forget_requests();
  asio::awaitable<Result<Batch>> forget_answers();
  asio::awaitable<Result<Batch>> let_participants_leave();
  asio::awaitable<Result<Batch>> remove_quality();
  asio::awaitable<Result<Batch>> remove_tokens();
  asio::awaitable<Result<Batch>> give_up_orphans();
  asio::awaitable<Result<Batch>> remove_recordings();
  asio::awaitable<Result<Batch>> remove_calls();
  asio::awaitable<Result<Batch>> remove_nodes();
  asio::awaitable<Result<Batch>> remove_leases();

  using Statement = std::size_t (*)(store::Sql&, WallTime, std::size_t);
  asio::awaitable<Result<Batch>> in_store(Statement statement, WallTime time);
  Patience patience_with_receivers() const;
  WallTime ago(std::chrono::seconds time) const { return parts_.clock.wall() - time; }

  Parts parts_;
  EndedCall looked_at_;       // how far remove_calls() has come
  std::size_t given_up_ = 0;  // calls on that way, although somebody had not been told of them
};

}  // namespace trunkline::app
