#pragma once

#include "announcer.hpp"
#include "call_log.hpp"
#include "gathering.hpp"
#include "intake.hpp"
#include "late_events.hpp"

#include <trunkline/calls/call_service.hpp>

#include <array>
#include <functional>
#include <string>
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

  /// A call's arrival, with who makes the answer.
  struct Arriving {
    Arrival arrival;
    Render render;
  };
  using Arrivals = Gathering<Arriving, StoredAnswer>;
  using Updates = Gathering<StatusUpdate, Updated>;
  /// The requests of one call always gather in the same place: they stay in order, and none waits for the call's row.
  template <class Places>
  static auto& place_of(const std::string& provider_call_id, Places& places) {
    return places[std::hash<std::string>{}(provider_call_id) % places.size()];
  }

  void expect_files(CallLog& log, Call& call, const StatusUpdate& update);
  Result<MediaGrant> grant_media(CallLog& log, const MediaStart& start, const std::string& data);
  Result<std::size_t> append_all(CallLog& log, std::span<const Event> events);

  store::Database& database;
  const Routing& routing;
  const Clock& clock;
  Ids& ids;
  const std::string node;
  Seen seen = [](const std::string&, std::int64_t) {};
  Announcer announcer;
  std::array<Arrivals, 2> arrivals;
  std::array<Updates, 2> updates;
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

  template <class Gathered>
  auto storing(asio::awaitable<Result<typename Gathered::Outcomes>> (Impl::*store)(typename Gathered::Requests)) {
    return [this, store](typename Gathered::Requests requests) { return (this->*store)(std::move(requests)); };
  }
  asio::awaitable<Result<Arrivals::Outcomes>> store_arrivals(Arrivals::Requests requests);
  asio::awaitable<Result<Updates::Outcomes>> store_updates(Updates::Requests requests);
  Result<StoredAnswer> admit(CallLog& log, Answers& answers, const Arriving& arriving);
  Updated take(CallLog& log, Answers& answers, const StatusUpdate& update);
  void receive(CallLog& log, Call& call, const Arrival& arrival, const config::Route& route);
};

/// What is appended must be a JSON object of at most 64 KiB: it is shown as it is. Error `invalid_event`.
Result<> check_event_data(std::string_view data);

}  // namespace trunkline::calls
