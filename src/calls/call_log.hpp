#pragma once

#include "announcer.hpp"

#include <trunkline/calls/call.hpp>
#include <trunkline/calls/event.hpp>
#include <trunkline/store/sql.hpp>

#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace trunkline::calls {

/// The data of an event has no more.
inline constexpr std::size_t max_event_data_bytes = 64 * 1024;

/// A call as its provider names it.
struct ProviderCall {
  std::string provider;
  std::string id;
  auto operator<=>(const ProviderCall&) const = default;
};

/// That another node was faster, so that the transaction has to begin again; it never leaves CallService.
inline constexpr std::string_view outrun = "outrun";

/// The calls of one transaction: locks them, folds their events, and writes everything at its end, many rows in each
/// statement. References to calls stay valid for the transaction.
class CallLog {
 public:
  CallLog(store::Sql& sql, WallTime now) : sql_(sql), now_(now) {}

  /// Holds the rows of calls until the transaction ends, so that their events get their versions one after the other;
  /// always in one order, so that no two nodes wait for each other.
  void lock_all(const std::set<std::string>& call_ids);
  void lock_all(const std::set<ProviderCall>& calls);
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
  /// have, is not settled again: such an event is left out and comes back with version 0.
  Event append(Call& call, Event event);

  /// The ids of those that are in the log. While their calls are locked nobody else stores any.
  std::set<std::string> stored_events(std::span<const Event> events);

  /// Rows that are written after the calls.
  void add(const store::SetStatement& statement, store::Tuple row) { rows_[&statement].push_back(std::move(row)); }
  /// Rows of which each must be new: another node may store one of them at the same time.
  void add_new(const store::SetStatement& statement, store::Tuple row) {
    new_rows_[&statement].push_back(std::move(row));
  }

  /// Writes; gives what was appended, in order. Last act. Error `outrun`.
  Result<std::vector<Committed>> finish();

  store::Sql& sql() { return sql_; }
  WallTime now() const { return now_; }

 private:
  struct Held {
    Call call;
    bool stored = true;
    bool appended = false;
    std::vector<Participant> stored_participants;
  };
  using Rows = std::map<const store::SetStatement*, std::vector<store::Tuple>>;

  void adopt(const std::vector<store::Row>& snapshots);
  bool settle_recording(const Call& call, const Event& event);  // false when there is nothing to settle
  bool write_calls();                                           // false when another node made one of them
  void write_events();

  store::Sql& sql_;
  WallTime now_;
  std::map<std::string, Held> calls_;
  std::map<ProviderCall, std::string> ids_;
  std::set<std::string> touched_;
  std::vector<Committed> appended_;
  Rows rows_;
  Rows new_rows_;
};

/// A call from its snapshot column. Throws SqlFailure (damaged).
Call read_snapshot(const std::string& snapshot);

}  // namespace trunkline::calls
