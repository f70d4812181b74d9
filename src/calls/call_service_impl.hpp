#pragma once

#include "announcer.hpp"
#include "call_log.hpp"
#include "late_events.hpp"

#include <trunkline/calls/call_service.hpp>

#include <concepts>
#include <string_view>
#include <utility>

namespace trunkline::calls {

/// What the operations of CallService share, and those of their bodies that run inside a transaction. These may run
/// again after a lost connection: they change nothing but the store.
class CallService::Impl {
 public:
  Impl(store::Database& database, const Routing& routing, const Clock& clock, Ids& ids, std::string node);

  /// Runs `work` (Result<T>(CallLog&)) in one transaction, and tells the observers of its events once it is durable.
  template <class T, class Work>
  asio::awaitable<Result<T>> change(Work work) {
    Announcer::Place place(announcer);
    Result<T> result = co_await database.write<T>([&](store::Sql& sql) { return in_log<T>(sql, place, work); });
    settle(place, result.has_value());
    co_return result;
  }
  template <class T, class Work>
  Result<T> change_blocking(Work work) {
    Announcer::Place place(announcer);
    Result<T> result = database.write_blocking<T>([&](store::Sql& sql) { return in_log<T>(sql, place, work); });
    settle(place, result.has_value());
    return result;
  }

  /// Reads, and tells whoever wants to know how far the calls have come that are in what was read.
  template <class Work>
  asio::awaitable<Result<std::vector<Event>>> read_events(Work work) {
    auto events = co_await database.read<std::vector<Event>>(work);
    if (events) {
      for (const Event& event : *events) seen(event.call_id, event.version);
    }
    co_return events;
  }

  Event make_event(EventType type, WallTime at, std::string data);

  Result<StoredAnswer> admit(CallLog& log, const Arrival& arrival, const Render& render);
  Result<Updated> take(CallLog& log, const StatusUpdate& update);
  Result<MediaGrant> grant_media(CallLog& log, const std::string& call_id, const std::string& provider_call_id,
                                 const std::string& token, const std::string& data);
  Result<std::size_t> append_all(CallLog& log, std::span<const Event> events);

  store::Database& database;
  const Routing& routing;
  const Clock& clock;
  Ids& ids;
  const std::string node;
  Seen seen = [](const std::string&, std::int64_t) {};
  Announcer announcer;
  LateEvents late;  // last: its thread uses the others

 private:
  template <class T, class Work>
  Result<T> in_log(store::Sql& sql, Announcer::Place& place, Work& work) {
    CallLog log(sql, clock.wall());
    Result<T> result = work(log);
    if (result) place.take(log.finish());
    return result;
  }

  // The announcement may have to wait for others; who made the change must not.
  void settle(Announcer::Place& place, bool committed) {
    if (committed) {
      for (const Committed& stored : place.events()) seen(stored.event.call_id, stored.event.version);
    }
    place.settle(committed);
  }

  void receive(CallLog& log, Call& call, const Arrival& arrival, const config::Route& route);
};

/// What is appended must be a JSON object of at most 64 KiB: it is shown as it is. Error `invalid_event`.
Result<> check_event_data(std::string_view data);

}  // namespace trunkline::calls
