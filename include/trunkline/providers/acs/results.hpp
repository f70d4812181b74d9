#pragma once

#include <trunkline/base/result.hpp>
#include <trunkline/providers/acs/identifier.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What Call Automation answers. Readers take at most max_answer bytes, pass over what they do not know, and fail with
/// `provider_failed` on what is none of theirs.
namespace trunkline::providers::acs {

inline constexpr std::size_t max_answer = 1024 * 1024;

enum class ConnectionState : std::uint8_t {
  unknown,
  connecting,
  connected,
  transferring,
  transfer_accepted,
  disconnecting,
  disconnected,
};

struct CallConnection {
  std::string call;            ///< callConnectionId
  std::string server_call_id;  ///< names the call to other resources and to recordings
  std::string correlation_id;
  ConnectionState state = ConnectionState::unknown;
  std::vector<Identifier> targets;
  std::optional<Identifier> source;
  std::string caller_id;
  std::string display_name;
  std::string answered_for;           ///< the number that was called, where it was one
  std::string media_streaming_state;  ///< `disabled`, `inactive`, `active`; empty: there is none
  std::string transcription_state;
};

struct Participant {
  Identifier identifier;
  bool muted = false;
  bool on_hold = false;
};

struct ParticipantsPage {
  std::vector<Participant> participants;
  std::string next;  ///< target of the next page; empty: this was the last
};

struct AddedParticipant {
  Participant participant;
  std::string invitation_id;  ///< what CancelAdd takes
};

struct RecordingState {
  std::string recording;  ///< recordingId
  bool active = false;
  std::string kind;
};

/// A success whose body says nothing new.
struct Done {};

Result<CallConnection> read_call_connection(std::string_view body);
/// `endpoint` is the URL of ours: a next page elsewhere would be signed for a stranger. Error `provider_failed`.
Result<ParticipantsPage> read_participants(std::string_view body, std::string_view endpoint);
Result<Participant> read_participant(std::string_view body);
Result<AddedParticipant> read_added(std::string_view body);
Result<RecordingState> read_recording_state(std::string_view body);
Result<Done> read_done(std::string_view body);

/// The path and query of `url` when it lies at `endpoint`, or is relative to it.
std::optional<std::string> target_at(std::string_view endpoint, std::string_view url);

/// What an answer that is no success says: `{error{code,message,...}}`, of recordings `{status,message}`, or nothing.
struct ServiceError {
  std::string code;     ///< of the error or, where that is vague, of what is inside: letters, digits, `.`, `_`, `-`
  std::string message;  ///< for the log; whatever could be a token is taken out
  bool stale = false;   ///< the call stopped ringing: its context is worth nothing any more
  bool gone = false;    ///< the service knows no such call, or it ended meanwhile
};
ServiceError read_error(std::string_view body);

/// The same as our error: `stale_call`, `call_not_found_there`, `rate_limited` (429), `provider_unavailable` (5xx),
/// else `provider_failed` with the operation, the status and the service's code.
Error error_of(std::string_view operation, int status, const ServiceError& said);

}  // namespace trunkline::providers::acs
