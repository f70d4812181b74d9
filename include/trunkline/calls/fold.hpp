#pragma once

#include <trunkline/calls/call.hpp>
#include <trunkline/calls/event.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace trunkline::calls {

/// Folds one event into a call. Pure. Any order and any repetition of the same events gives the same call: a late event
/// never moves it backwards, and nothing but a higher authority changes an end. An event with malformed data changes
/// nothing. `version` follows the versions that the store gave to the events.
///
/// Between several ends the higher authority wins, then the outcome that says most (ENDED, DECLINED, BUSY, MISSED,
/// CANCELLED, FAILED), then the earliest, then the smaller event id.
void apply(Call& call, const Event& event);

/// The words a provider uses for a call's progress, mapped to ours. Twilio: queued, initiated, ringing, in-progress,
/// answered, completed, busy, failed, no-answer, canceled.
struct MappedStatus {
  State state;
  std::string_view reason;  ///< for terminal states, the `endReason`
};
std::optional<MappedStatus> map_twilio_status(std::string_view status);

/// The transition tables as Markdown, generated from apply() and the reaper's rules themselves: what each event makes
/// of each state, and what becomes of a call from which nothing more comes.
std::string transition_table();

/// A call as stored beside its columns, and back. from_snapshot() fails only on a damaged store.
std::string to_snapshot(const Call& call);
Result<Call> from_snapshot(std::string_view text);

/// The call object of the REST API: callId, provider, providerCallId, direction, state, from, to, createdAt,
/// connectedAt, endedAt, duration, endReason, participants, metadata, route, version.
std::string to_json_text(const Call& call);

}  // namespace trunkline::calls
