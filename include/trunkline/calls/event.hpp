#pragma once

#include <trunkline/base/clock.hpp>
#include <trunkline/calls/call.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace trunkline::calls {

/// What can happen to a call. The wire names (`call.received`, ...) are stable.
enum class EventType : std::uint8_t {
  call_received,      ///< data: provider, providerCallId, direction, from, to, route?, metadata, parametersDropped?
  call_status,        ///< data: status (our State word), providerStatus, duration? (whole seconds, a number), reason?
  call_closed,        ///< data: reason, authority (`gateway` or `command`), state? (a terminal one; ENDED when absent)
  call_reconnecting,  ///< data: reason
  call_reconnected,   ///< data: {}; for providers whose media may come back
  media_started,      ///< data: streamId, tracks, encoding, sampleRate, node (where it runs)
  media_ended,        ///< data: streamId, cause, durationMs, gaps, late, callEnds
  // The whole roster as the provider gives it: of two the one with the higher sequence counts.
  participants_changed,  ///< data: sequence, participants: [{id, address, role?, muted, onHold}]
  track_started,         ///< data: streamId, track, participant, address; of who is heard on a track of their own
  provider_event,        ///< data: eventType, data?; the provider's word of a type that is not known here
  media_trouble,         ///< data: streamId, reason, message; the provider's word about a stream of the call
  dtmf_received,         ///< data: digit, track, atMs
  transcript_segment,    ///< data: segmentId, track, startMs, endMs, text, confidence, engine, language
  transcript_trouble,    ///< data: engine, reason, message
  transcript_ended,      ///< data: engine, segments (their number); no more come of this stream
  // One that the provider made has providerRecordingId; when it is fetched also source and part, else url, and no id.
  recording_started,  ///< data: recordingId
  // How it came out is told once, and again, with `correction`, when that was not the word of who wrote it.
  recording_completed,  ///< data: recordingId, durationMs, sizeBytes, sha256, channels, sampleRate, format, recovered?
  recording_failed,     ///< data: recordingId, reason, message, recovered?; what plays: as recording_completed
  recording_stopped,    ///< data: providerRecordingId; paused or over there, its file comes later
  // What the provider was asked to do in the call. data: operation (`play`, `recognize`, `transfer`, ...), context (the
  // asker's name for it), and what came of it: target, tones, label, speech, confidence, invitationId, ...; of a
  // failure reason, message, code, subCode, sip?, q850?.
  operation_started,
  operation_completed,
  operation_failed,
  operation_cancelled,
  quality_alert,    ///< data: track, metric, value, threshold, atMs
  quality_summary,  ///< data: score, tracks: {NAME: {score, frames, gaps, late, lostMs,
                    ///< lossPercent, latePercent, jitterMs, levelDb}}
};
std::string_view to_string(EventType type);
std::optional<EventType> parse_event_type(std::string_view text);
std::span<const std::string_view> event_type_names();

/// One entry of a call's log.
struct Event {
  std::string id;  ///< `evt_...`; an event with the same id is the same event
  std::string call_id;
  EventType type = EventType::call_received;
  WallTime at;              ///< when it happened, by whoever says so
  std::string data = "{}";  ///< a JSON object as text: stored, streamed and shown as it is

  std::int64_t seq = 0;             ///< place in the log of all calls; 0 until it has one, a moment after it is stored
  std::int64_t version = 0;         ///< place in the call's own log, from 1; 0 until stored
  State state = State::initiating;  ///< of the call once this event was folded in
};

/// The JSON object that REST, WebSocket and webhooks show: id, seq (null until it has one), callId, version, type, at,
/// state, data.
std::string to_json_text(const Event& event);

}  // namespace trunkline::calls
