#pragma once

#include <trunkline/calls/call_service.hpp>
#include <trunkline/calls/live_snapshot.hpp>
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
/// - `call/CALL`, a hash: version, state, provider, providerCallId, direction, from, to, createdAt, node, route, and
/// with
///   them snapshot and asOf for calls::ShownCalls;
/// - `calls`, a sorted set: the ids of all of them, by the time (ms) that they began;
/// - `stream/CALL`: claim of the node on which the stream runs, fenced by the version of its media.started;
/// - `transcript/CALL`, a list: the last segments, as the data of their events.
///
/// Written as events are committed, renewed by one node from the database, and gone when nobody renews it; a call that
/// is over stays for ten seconds, or as long as its snapshot is of use. What fails is made good by the next renewal:
/// calls go on without. On the channel `calls/changed` the nodes hear which calls have changed. All but on_committed()
/// and show() on one loop.
class LiveCalls final : public calls::EventObserver {
 public:
  struct Parts {
    store::LiveStore& live;
    calls::CallService& calls;
    media::ActiveStreams& streams;
    media::StreamCommands& commands;
    asio::io_context& loop;  ///< outlives what is under way
    const Clock& clock;
    std::string node;
    milliseconds snapshots_for;  ///< how old a snapshot may be when others take it; 0: none are shown
  };
  explicit LiveCalls(const Parts& parts) : parts_(parts) {}

  void on_committed(const calls::Event& event, const calls::Call& call, std::optional<calls::State> previous) override;

  /// The call as it was read from the database at that time: for others who want to see it. Any thread; when much waits
  /// it is left out.
  void show(const calls::Call& call, WallTime read_at);

  /// Keeps the claims on the streams that run here, and lets go of those that do not, however they ended. One that
  /// another node has taken over is ended: of two owners the later counts.
  asio::awaitable<void> renew_streams();
  /// Puts all open calls, as the database has them, and drops those that it no longer knows as open.
  asio::awaitable<Result<>> renew_calls();

  static constexpr milliseconds renewal{20'000};  ///< at least that often

 private:
  struct Change {
    calls::Call call;
    WallTime read_at;
    bool is_new = true;                 ///< it happened now; else it was only read
    bool is_first = false;              ///< nothing of the call was told before
    std::optional<calls::Event> event;  ///< when more than the call is to be told
  };

  void push(Change change);
  asio::awaitable<void> drain();
  asio::awaitable<void> tell(const Change& change);
  asio::awaitable<void> put(const Change& change);
  asio::awaitable<void> end(const Change& change);
  store::Hash to_hash(const calls::Call& call, WallTime read_at) const;
  void note_change(const calls::Call& call);
  void begin_announcing();
  std::optional<std::string> next_announcement();
  asio::awaitable<void> announce();
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
  std::map<std::string, Claim> claims_;  // on the streams that run here; all that follows under mutex_, too
  calls::Changes changed_;               // what the other nodes have not been told of
  bool any_changed_ = false;             // it is not known what they have missed
  std::size_t announcing_ = 0;
};

}  // namespace trunkline::app
