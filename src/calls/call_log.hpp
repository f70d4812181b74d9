#pragma once

#include "announcer.hpp"

#include <trunkline/calls/call.hpp>
#include <trunkline/calls/event.hpp>
#include <trunkline/store/sql.hpp>

#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace trunkline::calls {

class Fields;

/// The data of an event has no more.
inline constexpr std::size_t max_event_data_bytes = 64 * 1024;

/// A call as its provider names it.
struct ProviderCall {
  std::string provider;
  std::string id;
  auto operator<=>(const ProviderCall&) const = default;
};

/// The calls of one transaction: locks them, folds their events, and writes everything at its end, many rows in each
/// statement. References to calls stay valid for the transaction.
class CallLog {
 public:
  CallLog(store::Sql& sql, WallTime now) : sql_(sql), now_(now) {}

  /// Holds the rows of calls until the transaction ends, so that their events get their versions one after the other;
  /// always in one order, so that no two nodes wait for each other.
  void lock_all(const std::set<std::string>& call_ids);
  /// The same in two steps, for who has more to ask.
  store::SetQuery locking(const std::set<ProviderCall>& calls) const;
  void take_locked(const std::vector<store::Row>& snapshots);
  /// The same of one call; null when there is no such call.
  Call* lock(const std::string& call_id);
  /// Of those that are locked; null when there is no such call.
  Call* find(const std::string& call_id);
  Call* find(const ProviderCall& call);
  /// The same; makes the call under `new_id` when there is none. It has no event yet (version 0).
  Call& find_or_make(const ProviderCall& call, const std::string& new_id);

  /// The reaper shall see that somebody cared for the call just now; append() says that, too.
  void touch(const Call& call);

  /// Folds the event and remembers it. It comes back with its version and state. What an event says of a transcript, of
  /// quality or of a recording goes to their rows along with it. A recording that is settled, or that the call does not
  /// have, is not settled again, but for a better word, which is marked as a correction: any other such event is left
  /// out and comes back with version 0.
  Event append(Call& call, Event event);

  /// The ids of those that are in the log. While their calls are locked nobody else stores any.
  std::set<std::string> stored_events(std::span<const Event> events);

  /// Rows that are written after the calls.
  void add(const store::SetStatement& statement, store::Tuple row) { rows_[&statement].push_back(std::move(row)); }

  /// Writes; gives what was appended, in order. Last act. A call or a row that another node made in the meantime is a
  /// broken rule of the database, which makes it run the transaction again.
  std::vector<Committed> finish();

  store::Sql& sql() { return sql_; }
  WallTime now() const { return now_; }

 private:
  struct Held {
    Call call;
    bool stored = true;
    bool appended = false;
    std::vector<Participant> stored_participants;
  };

  bool settle_recording(const Call& call, Event& event);  // false when there is nothing to settle
  void write_recording(const Event& event, const Fields& data);
  void write_calls();
  void write_events();

  store::Sql& sql_;
  WallTime now_;
  std::map<std::string, Held> calls_;
  std::map<ProviderCall, std::string> ids_;
  std::set<std::string> touched_;
  std::vector<Committed> appended_;
  std::map<const store::SetStatement*, std::vector<store::Tuple>> rows_;
};

/// A call from its snapshot column. Throws SqlFailure (damaged).
Call read_snapshot(const std::string& snapshot);

}  // namespace trunkline::calls
