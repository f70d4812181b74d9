#pragma once

#include <trunkline/calls/call.hpp>
#include <trunkline/calls/event.hpp>
#include <trunkline/calls/verify.hpp>
#include <trunkline/store/sql.hpp>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace trunkline::calls {

/// Compares one call's row with its events, recordings and segments. Pure: it is given the rows, in the order in which
/// the functions stand here.
class CallAudit {
 public:
  static constexpr std::string_view call_columns =
      "id, provider, provider_call_id, direction, state, terminal, from_address, to_address, created_at, connected_at, "
      "ended_at, duration_s, end_reason, version, node, snapshot, ended_by, outcome";
  /// The last two: the place in the log of all calls, and the same ordinal when the event waits in the outbox.
  static constexpr std::string_view event_columns =
      "e.call_id, e.version, e.id, e.type, e.at, e.state, e.data, l.seq, o.ordinal";
  static constexpr std::string_view recording_columns = "call_id, id, state";
  static constexpr std::string_view segment_columns = "call_id, id";

  explicit CallAudit(const store::Row& call) : row_(call) {}

  void take_event(const store::Row& event);  ///< by version
  void take_recording(const store::Row& recording);
  void take_segment(const store::Row& segment);
  /// What differs, and what was looked at.
  VerifyReport finish();

 private:
  void check_place(const store::Row& event);
  void note_claims(const Event& event);
  void compare_columns();
  void compare_snapshot();
  void differ(std::string_view what, std::string id, std::string expected, std::string found);

  const store::Row row_;
  Call folded_;
  VerifyReport report_;
  std::int64_t last_version_ = 0;
  std::int64_t last_seq_ = 0;
  bool one_waits_ = false;                      // an event without a place: none after it may have one
  std::map<std::string, std::string> settled_;  // recordings by the events' account: how they came out
  std::set<std::string> told_;                  // segments by the events' account
};

}  // namespace trunkline::calls
