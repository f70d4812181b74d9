#pragma once

#include "app/fetch_store.hpp"

#include <trunkline/base/thread_pool.hpp>
#include <trunkline/base/wakeup.hpp>
#include <trunkline/calls/call_service.hpp>
#include <trunkline/net/worker.hpp>
#include <trunkline/observe/metrics.hpp>
#include <trunkline/recording/file_source.hpp>
#include <trunkline/recording/library.hpp>

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace trunkline::app {

/// Brings recordings that providers made into the library: a job a file, which is in the store, so that no restart
/// loses it. One node at a time works on a job, which it claims for half a minute and renews while it lives; what was
/// under way when a node died begins anew. A recording is told of as completed when its file is here and on the disk,
/// as failed when it was tried often enough, and removed there afterwards where that is wanted. Lives on one worker
/// until the workers stopped.
class RecordingFetcher final : public calls::EventObserver {
 public:
  struct Parts {
    calls::CallService& calls;
    recording::Library& library;
    store::Database& database;
    std::vector<recording::FileSource*> sources;  ///< which outlive it
    net::Worker& worker;
    ThreadPool& files;
    observe::Metrics& metrics;
    const config::Recording& settings;
    const Clock& clock;
    std::string node;  ///< of this process, whose folder the files go to
  };
  explicit RecordingFetcher(Parts parts);
  ~RecordingFetcher() override;

  /// Any thread, once.
  void start();
  /// Begins nothing more; what is under way ends with its next part, and begins anew elsewhere or later. Any thread.
  void stop();
  /// After stop(): whether all is let go of. Any thread.
  bool idle() const { return alive_ == 0; }

  /// A recording that has begun may be one to fetch.
  void on_committed(const calls::Event& event, const calls::Call& call, std::optional<calls::State> previous) override;

 private:
  struct Running;

  asio::awaitable<void> look_forever();
  asio::awaitable<bool> take_back();
  asio::awaitable<void> look();
  asio::awaitable<void> renew();
  asio::awaitable<void> work(std::shared_ptr<Running> one);
  asio::awaitable<void> carry_out(Running& one);
  asio::awaitable<bool> bring(Running& one);
  asio::awaitable<Result<recording::FileFacts>> fetch(const Running& one);
  asio::awaitable<bool> completed(const FetchJob& job, const recording::FileFacts& facts);
  asio::awaitable<void> failed(Running& one, const Error& error);
  asio::awaitable<void> remove_there(Running& one);
  asio::awaitable<bool> tell(const FetchJob& job, calls::EventType type, std::string data);
  asio::awaitable<void> put_off(const FetchJob& job, milliseconds wait);
  asio::awaitable<void> end(const FetchJob& job);
  recording::FileSource* source_of(const FetchJob& job) const;

  Parts parts_;
  Wakeup wakeup_;
  std::atomic<bool> stopping_{false};
  std::atomic<int> alive_{0};
  std::map<std::string, std::shared_ptr<Running>> running_;  // by recording
  MonoTime renew_at_;
};

}  // namespace trunkline::app
