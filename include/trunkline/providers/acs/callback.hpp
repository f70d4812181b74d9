#pragma once

#include <trunkline/calls/event.hpp>
#include <trunkline/providers/acs/envelope.hpp>

#include <variant>

namespace trunkline::providers::acs {

/// What a callback means for its call, as an event of the call's log.
///
/// | callback                                      | event, and what its data has                                    |
/// |-----------------------------------------------|-----------------------------------------------------------------|
/// | CallConnected                                 | call_status: status CONNECTED, providerStatus, names            |
/// | CallDisconnected, CreateCallFailed,           | call_status: a terminal status and reason by the rules of       |
/// | AnswerFailed, ConnectFailed                   | cause.hpp, providerStatus, names, operation?, the cause         |
/// | ParticipantsUpdated                           | participants_changed: sequence, participants [{id, address,     |
/// |                                               | muted, onHold}] (500 at most), participantsDropped?             |
/// | ContinuousDtmfRecognitionToneReceived         | dtmf_received: digit (0-9, A-D, #, *), sequence?, source        |
/// | RecordingStateChanged                         | recording_started or recording_stopped: providerRecordingId,    |
/// |                                               | kind?, startedAt?                                               |
/// | MediaStreamingFailed, TranscriptionFailed     | media_trouble with streamId (the connection's id),              |
/// |                                               | transcript_trouble with engine `acs`: reason, message, and as   |
/// |                                               | an operation                                                    |
/// | every other                                   | operation_*: operation, context?, the cause, of a failure       |
/// |                                               | reason and message always, and what it is about                 |
///
/// `names` are {callConnectionId, serverCallId} as far as known. The cause is code, subCode, message, sip, q850, and a
/// reason where we have a word for the sub-code. What an operation is about: participant, target, transferee {id,
/// address}; tones, recognitionType, label, recognizedPhrase, speech, confidence; invitationId, fromCall,
/// providerRecordingId, failedPlaySourceIndex, status, details. TranscriptionUpdated tells that the operation goes on
/// with other settings: operation_started.
///
/// As text the data stays below 64 KiB.
struct Occurrence {
  std::string inbox_key;
  std::string connection_id;   ///< the call as the provider names it to us; empty only of recordings
  std::string server_call_id;  ///< the call on its servers; may be empty
  std::string correlation_id;
  std::string context;  ///< `operationContext`, ours: at most 512 bytes; empty when there was none
  WallTime at;          ///< never after `now`
  calls::EventType type = calls::EventType::call_status;
  nlohmann::json data;
};

/// What Event Grid tells of calls between users of the resource (CallStarted, CallEnded, CallParticipantAdded and
/// CallParticipantRemoved). It does not come for telephone calls, so that it is never a call's state.
struct Informational {
  std::string inbox_key;
  std::string name;  ///< `CallEnded`
  std::string server_call_id;
  std::string correlation_id;
  WallTime at;
  nlohmann::json
      data;  ///< startedBy, endedBy, participant {id, address}; displayName, durationSeconds, twoParties, cause
};

/// A type that we do not know: to be counted, kept with its call if it names one, and acknowledged. `about` is the
/// provider_event that it is then: eventType, and data as they came, without the secret of a call that rings, unless
/// they are too much.
struct Unknown {
  std::string type;
  Occurrence about;
};

using Callback = std::variant<Occurrence, Informational, Unknown>;

/// `now` stands in for a missing time. Errors `invalid_event`, naming the field, when a known type lacks that without
/// which it means nothing: its ids, a tone, a recording's state, a roster's sequence. Anything else that is odd is left
/// out, not the callback: it does not come again. IncomingCall and RecordingFileStatusUpdated, which are no callbacks,
/// are unknown here: they have headers of their own, as has what Event Grid says of subscriptions.
Result<Callback> read_callback(const Envelope& envelope, WallTime now);

/// The operations of operation_*: `play`, `recognize`, `transfer`, `add-participant`, `remove-participant`,
/// `cancel-add-participant`, `move-participant`, `send-dtmf`, `continuous-dtmf`, `hold`, `recording`,
/// `media-streaming`, `transcription`; and of those whose failure is the call's end: `create-call`, `answer`,
/// `connect`.
namespace operation {
inline constexpr std::string_view play = "play";
inline constexpr std::string_view recognize = "recognize";
inline constexpr std::string_view transfer = "transfer";
inline constexpr std::string_view add_participant = "add-participant";
inline constexpr std::string_view remove_participant = "remove-participant";
inline constexpr std::string_view cancel_add_participant = "cancel-add-participant";
inline constexpr std::string_view move_participant = "move-participant";
inline constexpr std::string_view send_dtmf = "send-dtmf";
inline constexpr std::string_view continuous_dtmf = "continuous-dtmf";
inline constexpr std::string_view hold = "hold";
inline constexpr std::string_view recording = "recording";
inline constexpr std::string_view media_streaming = "media-streaming";
inline constexpr std::string_view transcription = "transcription";
inline constexpr std::string_view create_call = "create-call";
inline constexpr std::string_view answer = "answer";
inline constexpr std::string_view connect = "connect";
}  // namespace operation

}  // namespace trunkline::providers::acs
