#pragma once

#include <trunkline/base/wakeup.hpp>
#include <trunkline/calls/call_service.hpp>
#include <trunkline/net/websocket.hpp>
#include <trunkline/net/worker.hpp>
#include <trunkline/store/live.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace trunkline::events {

/// An event on its way to subscribers: made into text once, shared by all.
struct Published {
  std::int64_t seq = 0;  ///< 0: not in the log, seen only by those who listen now
  std::string call_id;
  std::string type;
  std::string text;
};
using Batch = std::shared_ptr<const std::vector<Published>>;

/// The one type that is told and not kept.
inline const std::string interim_transcript = "transcript.interim";

/// Whether there are events of the type that is asked for: one of calls::EventType or the interim transcript, or `.*`
/// behind the first word of some.
bool is_type(std::string_view asked);

/// What a subscriber wants to see.
struct Subscription {
  std::optional<std::int64_t> after;  ///< resume behind this place in the log; nothing: from now on
  std::string call_id;                ///< empty: every call
  std::vector<std::string> types;     ///< exact, or ending in `.*`; empty: every type

  bool wants(const std::string& of_call, const std::string& type) const;
};

/// Brings committed events to those who listen: sees to it that they get their places in the log of all calls, and
/// hands them, in its order, to every subscriber on the subscriber's own worker. Hubs of other nodes are told by way of
/// what is live; while that is away they look for themselves, every two seconds.
///
/// A subscriber that reads too slowly is closed with 1013 and resumes with `after`. Lives until its workers stopped.
class EventHub final : public calls::EventObserver {
 public:
  /// `live` delivers on `worker`.
  EventHub(calls::CallService& calls, store::LiveStore& live, net::Worker& worker);
  ~EventHub() override;

  /// Begins to relay, with what an earlier run left in the outbox. Any thread, once.
  void start();

  void on_committed(const calls::Event& event, const calls::Call& call, std::optional<calls::State> previous) override;

  /// `listener` is called on the hub's worker when the log has grown, on this node or another. Before start().
  void on_news(std::function<void()> listener) { listeners_.push_back(std::move(listener)); }

  /// Whether a subscriber would see an event of this kind now: what nobody sees need not be made. Any thread.
  bool wanted(const std::string& call_id, const std::string& type);

  /// For what is worth seeing but not worth keeping, such as interim transcripts. `data` is a JSON object. Any thread.
  void publish_live(const std::string& call_id, const std::string& type, WallTime at, const std::string& data);

  /// The handler for one subscriber's socket. The hub must outlive it.
  std::shared_ptr<net::WebSocketHandler> subscriber(Subscription subscription);

 private:
  class Socket;

  asio::awaitable<void> relay();
  asio::awaitable<Result<bool>> relay_batch();
  asio::awaitable<Result<>> tell_up_to(std::int64_t seq);
  bool has_listeners();
  void broadcast(Batch batch);
  void hear(std::string_view message);
  asio::awaitable<void> announce(std::int64_t seq);

  calls::CallService& calls_;
  store::LiveStore& live_;
  net::Worker& worker_;
  Wakeup wakeup_;
  std::optional<std::int64_t> told_;  ///< up to this place; nothing before the log was first seen
  std::vector<std::function<void()>> listeners_;
  std::mutex mutex_;
  std::unordered_set<std::shared_ptr<Socket>> sockets_;
  std::unique_ptr<store::LiveStore::Subscription> others_;  ///< what the hubs of other nodes say
};

}  // namespace trunkline::events
