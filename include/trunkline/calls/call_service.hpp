#pragma once

#include <trunkline/base/clock.hpp>
#include <trunkline/base/ids.hpp>
#include <trunkline/base/offload.hpp>
#include <trunkline/base/result.hpp>
#include <trunkline/calls/call.hpp>
#include <trunkline/calls/call_records.hpp>
#include <trunkline/calls/event.hpp>
#include <trunkline/calls/routing.hpp>
#include <trunkline/store/sql.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace trunkline::calls {

/// An answer that was given to a provider and is given again, byte for byte, when the same request comes again.
struct StoredAnswer {
  int status = 204;  ///< nothing to say: what a callback gets that is only taken note of
  std::string content_type;
  std::string body;
  std::string call_id;    ///< whose it is; filled in by the service
  bool repeated = false;  ///< given before to the same request, which had no effect now
};

/// A new call as a provider announces it.
struct Arrival {
  std::string inbox_key;  ///< what makes this request unique: idempotency token, or provider, call and sequence
  std::string provider;
  std::string provider_call_id;
  Direction direction = Direction::inbound;
  State state = State::ringing;
  std::string from;
  std::string to;
  std::map<std::string, std::string> metadata;
  std::map<std::string, std::string> names;  ///< what else the provider calls it: `serverCallId`, ...
  bool media_returns = false;  ///< the provider may open the media socket again: the token is good for all of the call
  bool known_only = false;     ///< a call that is new is not taken: error `no_new_calls`
};

/// A file of a recording that the provider made, which is to become one of ours.
struct ProviderFile {
  std::string recording;        ///< the provider's name of the recording
  std::int64_t part = 0;        ///< which of its files it is
  std::string name;             ///< of the file there: it is taken once
  std::string format;           ///< `wav`, `mp3`, `mp4`; `bin`: something else
  std::string location;         ///< where it is fetched from; shown to nobody, kept until it is here
  std::string delete_location;  ///< where it is removed then; empty: it stays
  std::optional<WallTime> started_at;
  milliseconds duration{0};  ///< 0: nobody says
};

/// A provider's word about a call that may not be known yet.
struct StatusUpdate {
  std::string inbox_key;
  std::string provider;
  std::string provider_call_id;
  Direction direction = Direction::inbound;
  std::string from;
  std::string to;
  std::map<std::string, std::string> metadata;  ///< for a call that is first heard of in it
  EventType type = EventType::call_status;
  WallTime at;
  std::string data;  ///< JSON object for the event
  /// What is to be fetched: in place of the one event each file gets a recording in the library, a job, and an event
  /// recording_started, whose data are those above and `recordingId` and `part`. What is there or on its way is passed
  /// over; of one that failed before it is a new recording.
  std::vector<ProviderFile> files;
};

/// What a callback was about.
struct Updated {
  std::string call_id;
  std::string node;       ///< where the call's stream runs; empty when none does
  bool repeated = false;  ///< the same callback had been taken before
};

/// A media socket that wants its call.
struct MediaStart {
  std::string call_id;
  std::string provider_call_id;
  std::string token;
  std::string stream_id;
  bool bidirectional = true;
  std::string data;  ///< of the media_started event
  std::uint32_t sample_rate = 8000;
};

/// What a media socket gets for its token.
struct MediaGrant {
  Call call;
  config::Route route;
  std::string recording_id;    ///< empty when the route does not record
  std::string recording_path;  ///< below the recordings folder
  bool bidirectional = true;
  bool returned = false;  ///< the call has had a stream before
};

struct CallFilter {
  std::optional<State> state;
  std::optional<bool> terminal;  ///< true: history, false: active
  std::string provider;
  std::optional<Direction> direction;
  std::string from;
  std::string to;
  std::optional<WallTime> created_after;
  std::optional<WallTime> created_before;
  std::string cursor;      ///< opaque, from Page::next_cursor; else `invalid_cursor`
  std::size_t limit = 50;  ///< 1 to 500
};

template <class T>
struct Page {
  std::vector<T> data;
  std::string next_cursor;  ///< empty at the end
};

struct CallStats {
  std::int64_t total = 0;
  std::int64_t active = 0;
  std::int64_t completed = 0;     ///< ENDED
  std::int64_t failed = 0;        ///< every other terminal state
  double average_duration_s = 0;  ///< of completed calls
  std::map<std::string, std::int64_t> by_state;
  std::map<std::string, std::int64_t> by_provider;
};

/// How far the log of all calls goes for those who read it.
struct LogEnd {
  std::int64_t seq = 0;  ///< of the last event that has a place
  bool more = false;     ///< there are stored events that have none yet
};

/// Told of every event that this node stored, once it is durable: in each call in the order of its versions, one at a
/// time. Called on the worker or thread that made a change: hand over and return, never throw. `previous` is the state
/// before the event, nothing for a call's first. The event has no place in the log of all calls yet. What a crash
/// swallows is still in the outbox.
class EventObserver {
 public:
  virtual ~EventObserver() = default;
  virtual void on_committed(const Event& event, const Call& call, std::optional<State> previous) = 0;
};

/// Everything that may happen to calls. Each operation is one transaction: inbox key, events, snapshot and outbox are
/// durable together before it returns, or nothing is. Safe to call from any worker; the truth is in the database alone,
/// so that many nodes can share it. The references must outlive the service, the service its coroutines.
///
/// Data of events is a JSON object of at most 64 KiB, else the error is `invalid_event`. Of an arrival's metadata 64
/// entries are kept, with names of up to 128 bytes and values of up to 4096 (longer ones are cut), as far as they fit
/// into the event's 64 KiB; the event says as `parametersDropped` how many were not kept.
class CallService {
 public:
  /// `node` is this process: where the streams run that start here.
  CallService(store::Database& database, const Routing& routing, const Clock& clock, Ids& ids, std::string node);
  ~CallService();

  /// Stores the events of append_later() that wait, as far as the store is there, and takes none any more. Before what
  /// observes goes.
  void stop();

  void observe(EventObserver& observer);  ///< before the first call only

  /// `listener` hears which version a call has come to, as events are stored here, and events and lists of calls are
  /// read: before whoever asked for that gets his answer. On any thread; before the first call only.
  using Seen = std::function<void(const std::string& call_id, std::int64_t version)>;
  void on_seen(Seen listener);

  /// A new call arrives: it gets its route and, unless that rejects it (the call is DECLINED then), a media token that
  /// is good for five minutes. `render` makes the provider's answer once the call and its media token exist; it runs
  /// inside the transaction and must only compute. The same inbox key, or the same provider call, gives the stored
  /// answer again without effect, also concurrently.
  struct Admission {
    const Call& call;
    const config::Route& route;
    const std::string& media_token;  ///< empty when the route rejects
  };
  using Render = std::function<StoredAnswer(const Admission&)>;
  asio::awaitable<Result<StoredAnswer>> arrive(Arrival arrival, Render render);

  /// A status or other callback. Unknown calls are created from it, without a route until they arrive. The same inbox
  /// key changes nothing.
  asio::awaitable<Result<Updated>> update(StatusUpdate update);

  /// Redeems a media token: checks that it belongs to the call by both of its names, that it is fresh, and burns it,
  /// unless the call's media may return; the call becomes CONNECTED, and a row for its recording is made if its route
  /// records. Errors: `bad_token` (wrong, used, expired), `call_over`, store errors.
  asio::awaitable<Result<MediaGrant>> start_media(MediaStart start);

  /// Whether a media token is the call's, and could be redeemed; nothing happens to it.
  asio::awaitable<Result<bool>> knows_token(std::string call_id, std::string token);

  /// Appends an event to a known call. Error `call_not_found`.
  ///
  /// recording_completed and recording_failed with a `recordingId` settle the row of that recording in the same
  /// transaction, from their data. They do so once: when the row is settled already nothing is appended, and the event
  /// comes back with version 0. Whoever is not sure that it was told tells it again. But a better word is taken, and
  /// its event has `correction`: that of the node that wrote the recording counts more than one that is `recovered`,
  /// and anything more than `orphaned`.
  asio::awaitable<Result<Event>> append(std::string call_id, EventType type, std::string data);

  /// The same from any thread without waiting: queued in order per call, retried with back-off while the store is down,
  /// bounded (10,000 events); what is dropped is counted and logged. Destruction waits up to five seconds for the
  /// store.
  void append_later(std::string call_id, EventType type, std::string data);
  std::uint64_t dropped_events() const;

  /// Marks the calls as alive, so that no node closes them, that are quiet and have a running stream on this node; that
  /// is for every node to do, more often than each half of `limits.connected_timeout`. Also closes calls of which
  /// nothing more is to be expected, which one node is enough for, at most `most_closed` of them, and gives them. Looks
  /// at 500 calls a run at most, the longest quiet first.
  asio::awaitable<Result<std::vector<Call>>> reap(std::size_t most_closed, const config::Calls& limits,
                                                  std::function<bool(const std::string& call_id)> has_media);

  /// A node is gone, or new, and with what it was the streams that ran there: marks their calls RECONNECTING, a batch
  /// at a time, and says how many. What the provider says of them, or the reaper, settles them.
  asio::awaitable<Result<std::size_t>> lose_streams_of(std::string node, std::string reason);
  /// The call's stream runs on this node after all: a call that was marked RECONNECTING is CONNECTED again.
  asio::awaitable<Result<>> regain_stream(std::string call_id);

  /// Forgets requests that were accepted before `before`, and media tokens that expired before it; at most `limit` of
  /// each, the oldest first. Returns how many in all: fewer than `limit` when nothing is left to forget.
  asio::awaitable<Result<std::size_t>> forget_requests(WallTime before, std::size_t limit);

  /// What the call gets.
  const config::Route& route_of(const Call& call) const;

  // Queries. `call_not_found` where an id is given.
  asio::awaitable<Result<Call>> find(std::string call_id);
  asio::awaitable<Result<Call>> find_by_provider_id(std::string provider, std::string provider_call_id);
  /// By another name that the provider gave it, in an arrival or as `names` of a call_status event.
  asio::awaitable<Result<Call>> find_by_name(std::string provider, std::string kind, std::string name);
  /// The newest first.
  asio::awaitable<Result<Page<Call>>> list(CallFilter filter);
  asio::awaitable<Result<CallStats>> stats();
  /// In order; at most 1000.
  asio::awaitable<Result<std::vector<Event>>> events_of(std::string call_id, std::int64_t after_version,
                                                        std::size_t limit);
  /// How it sounded, in the order of time: the newest 1000 rows.
  asio::awaitable<Result<std::vector<QualityMetrics>>> quality_of(std::string call_id);
  /// Gives stored events their places in the log of all calls, at most 1000 at once. Any node may, at any time: it is
  /// one node's turn at a time.
  asio::awaitable<Result<LogEnd>> number_events();
  asio::awaitable<Result<LogEnd>> log_end();
  /// Numbers what waits, before the log is read for somebody: who was told that an event is stored finds it there.
  asio::awaitable<Result<>> complete_log();
  /// Events of all calls after a place in the log, in order; at most 1000. Whoever has read up to a place has missed
  /// none before it. In each call the order is that of the versions.
  asio::awaitable<Result<std::vector<Event>>> events_after(std::int64_t seq, std::size_t limit);
  /// The same of one call; none when there is no such call.
  asio::awaitable<Result<std::vector<Event>>> events_of_after(std::string call_id, std::int64_t seq, std::size_t limit);
  /// Nothing when it is not kept, or not any more.
  asio::awaitable<Result<std::optional<Event>>> event(std::string event_id);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace trunkline::calls
