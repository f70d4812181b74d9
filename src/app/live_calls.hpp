#pragma once

#include <trunkline/calls/call_service.hpp>
#include <trunkline/media/active_streams.hpp>
#include <trunkline/media/stream_commands.hpp>
#include <trunkline/store/live.hpp>

#include <boost/asio/io_context.hpp>

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace trunkline::app {

/// What all nodes can see of the calls that go on, without asking the database:
///
/// | key                 | what                                                                                    |
/// |---------------------|-----------------------------------------------------------------------------------------|
/// | `call/CALL`         | hash: version, state, provider, providerCallId, direction, from, to, createdAt, node, route
/// | | `calls`             | sorted set of the ids of all of them, by the time (ms) that they began | | `stream/CALL`
/// | claim of the node on which the stream runs, fenced by the version of its media.started     | | `transcript/CALL`
/// | list of the last segments, as the data of their events                                     |
///
/// Written as events are committed, renewed by one node from the database, and gone when nobody renews it; a call that
/// is over stays for ten seconds. What fails is made good by the next renewal: calls go on without. All but
/// on_committed() on one loop.
class LiveCalls final : public calls::EventObserver {
 public:
  struct Parts {
    store::LiveStore& live;
    calls::CallService& calls;
    media::ActiveStreams& streams;
    media::StreamCommands& commands;
    asio::io_context& loop;  ///< outlives what is under way
    std::string node;
  };
  explicit LiveCalls(const Parts& parts) : parts_(parts) {}

  void on_committed(const calls::Event& event, const calls::Call& call, std::optional<calls::State> previous) override;

  /// Keeps the claims on the streams that run here, and lets go of those that do not, however they ended. One that
  /// another node has taken over is ended: of two owners the later counts.
  asio::awaitable<void> renew_streams();
  /// Puts all open calls, as the database has them, and drops those that it no longer knows as open.
  asio::awaitable<Result<>> renew_calls();

  static constexpr milliseconds renewal{20'000};  ///< at least that often

 private:
  struct Change {
    calls::Call call;
    std::optional<calls::Event> event;  ///< when more than the call is to be told
  };

  void push(Change change);
  asio::awaitable<void> drain();
  asio::awaitable<void> tell(const Change& change);
  asio::awaitable<void> put(const calls::Call& call);
  asio::awaitable<void> end(const calls::Call& call);
  asio::awaitable<void> claim(const std::string& call_id, std::int64_t fence);
  asio::awaitable<void> release(const std::string& call_id);
  bool missed_twice(const std::string& call_id);
  asio::awaitable<Result<std::vector<calls::Call>>> open_calls();

  Parts parts_;
  std::mutex mutex_;
  std::deque<Change> waiting_;
  std::size_t draining_ = 0;
  struct Claim {
    std::int64_t fence = 0;
    bool missed = false;  // it did not run when claims were last renewed
  };
  std::map<std::string, Claim> claims_;  // on the streams that run here; under mutex_
};

}  // namespace trunkline::app
