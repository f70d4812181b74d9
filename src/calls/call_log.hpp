#pragma once

#include "announcer.hpp"

#include <trunkline/calls/call.hpp>
#include <trunkline/calls/event.hpp>
#include <trunkline/store/sql.hpp>

#include <map>
#include <string>
#include <vector>

namespace trunkline::calls {

class Fields;

/// The data of an event has no more.
inline constexpr std::size_t max_event_data_bytes = 64 * 1024;

/// The calls of one transaction: locks them, folds and appends their events, writes them back. References to calls stay
/// valid for the transaction.
class CallLog {
 public:
  CallLog(store::Sql& sql, WallTime now) : sql_(sql), now_(now) {}

  /// Holds the call's row until the transaction ends, so that its events get their versions one after the other;
  /// null when there is no such call.
  Call* lock(const std::string& call_id);
  Call* lock(const std::string& provider, const std::string& provider_call_id);

  /// The same; makes the call under `new_id` when there is none. It has no event yet then (version 0).
  Call& lock_or_create(const std::string& provider, const std::string& provider_call_id, const std::string& new_id);

  /// Folds and appends. The event comes back with its version and state; with version 0 when it is in the log already.
  /// What an event says of a transcript, of quality or of a recording goes to their rows along with it. A recording
  /// that is settled, or that the call does not have, is not settled again, but for a better word, which is marked as a
  /// correction: any other such event is as one that is in the log already.
  Event append(Call& call, Event event);

  /// Writes the changed calls and participants back; what was appended, in order. Last act.
  std::vector<Committed> finish();

  store::Sql& sql() { return sql_; }
  WallTime now() const { return now_; }

 private:
  struct Held {
    Call call;
    std::vector<Participant> stored_participants;
  };

  Call* adopt(const std::vector<store::Row>& snapshots);
  Call& hold(Call call, bool stored);
  void insert_segment(const Event& event);
  bool settle_recording(const Call& call, Event& event);  // false when there is nothing to settle
  void write_recording(const Event& event, const Fields& data);

  store::Sql& sql_;
  WallTime now_;
  std::map<std::string, Held> calls_;
  std::vector<Committed> appended_;
};

/// A call from its snapshot column. Throws SqlFailure (damaged).
Call read_snapshot(const std::string& snapshot);

}  // namespace trunkline::calls
