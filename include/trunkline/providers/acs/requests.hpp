#pragma once

#include <trunkline/base/result.hpp>
#include <trunkline/providers/acs/http_call.hpp>
#include <trunkline/providers/acs/identifier.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What Call Automation can be asked, as plain data. Empty texts and absent values are left out of the request, where
/// the service's default then holds. `call` is a callConnectionId everywhere.
///
/// Each has a to_http(), which looks whether the service could take it. Error `invalid_command`: names the field, as
/// the wire calls it.
namespace trunkline::providers::acs::requests {

inline constexpr std::string_view default_api_version = "2025-05-15";

/// A date, perhaps with `-preview` behind it.
bool is_api_version(std::string_view text);

// NOLINTBEGIN(readability-redundant-member-init): without them g++ warns of whoever names only what he wants to say

/// Comes back in the event that tells how an operation went; and where that goes, if not to the call's callback.
struct Correlation {
  std::string operation_context = {};
  std::string callback_uri = {};
};

struct MediaStreaming {
  std::string url = {};  ///< `wss`
  bool unmixed = false;  ///< each participant for itself
  bool start = true;     ///< with the call; otherwise StartMediaStreaming does
  bool bidirectional = true;
  bool wideband = false;  ///< 24 kHz in place of 16 kHz
  bool dtmf = true;
};

struct TranscriptionSetup {
  std::string url = {};  ///< `wss`
  std::string locale = {};
  std::string speech_model = {};
  bool start = true;
  bool intermediate_results = false;
};

/// What a connection to a call is made with.
struct Setup {
  std::string callback_uri = {};
  std::string operation_context = {};
  std::string cognitive_services_endpoint = {};  ///< without it there is neither speech nor transcription
  std::optional<MediaStreaming> media_streaming = {};
  std::optional<TranscriptionSetup> transcription = {};
};

/// Headers that the called party gets to see.
struct CustomContext {
  std::map<std::string, std::string> sip_headers = {};
  std::map<std::string, std::string> voip_headers = {};
};

struct Create {
  std::vector<Identifier> targets = {};
  Setup setup = {};
  std::string caller_id = {};  ///< E.164; one of the resource's own. Needed to call a telephone
  std::string display_name = {};
  std::string source_user = {};  ///< raw id of a user of the resource in whose name the call is made
};

struct Answer {
  std::string incoming_call_context = {};
  Setup setup = {};
  std::string answered_by = {};  ///< raw id of a user
};

/// The call is somebody else's from then on; no event tells so.
struct Redirect {
  std::string incoming_call_context = {};
  Identifier target = {};
};

/// No event tells of it.
struct Reject {
  enum class Reason : std::uint8_t { none, busy, forbidden };
  std::string incoming_call_context = {};
  Reason reason = Reason::none;
};

/// Names a call from outside.
struct Locator {
  enum class Kind : std::uint8_t { server_call, group_call, room };
  Kind kind = Kind::server_call;
  std::string id = {};
};

struct Connect {
  Locator locator = {};
  Setup setup = {};
};

struct GetCall {
  std::string call = {};
};

/// Our leg only; the others go on talking.
struct HangUp {
  std::string call = {};
};

/// For everybody.
struct Terminate {
  std::string call = {};
};

/// A blind transfer. Takes us out of a call of two; in a larger one `transferee` says whom it takes.
struct Transfer {
  std::string call = {};
  Identifier target = {};
  std::optional<Identifier> transferee = {};
  std::string caller_id = {};
  CustomContext custom_context = {};
  Correlation correlation = {};
};

struct ListParticipants {
  std::string call = {};
};

struct GetParticipant {
  std::string call = {};
  std::string raw_id = {};
};

struct AddParticipant {
  std::string call = {};
  Identifier participant = {};
  std::string caller_id = {};  ///< needed for a telephone
  std::string display_name = {};
  std::optional<std::int64_t> invitation_timeout_s = {};  ///< 0 to 180
  CustomContext custom_context = {};
  Correlation correlation = {};
};

struct RemoveParticipant {
  std::string call = {};
  Identifier participant = {};
  Correlation correlation = {};
};

/// There is no way to undo it.
struct Mute {
  std::string call = {};
  std::vector<Identifier> participants = {};
  std::string operation_context = {};
};

struct CancelAdd {
  std::string call = {};
  std::string invitation_id = {};
  Correlation correlation = {};
};

/// Takes participants over from another call. From 2026-03-12 on.
struct MoveHere {
  std::string call = {};
  std::vector<Identifier> participants = {};
  std::string from_call = {};
  Correlation correlation = {};
};

/// What to play: a file (WAV, mono, 16 bit, 16 kHz), or what speech is made of.
struct PlaySource {
  enum class Kind : std::uint8_t { file, text, ssml };
  Kind kind = Kind::file;
  std::string content = {};  ///< URL, text or SSML
  std::string cache_id = {};
  std::string locale = {};  ///< this and the next two only of a text
  std::string voice = {};
  std::string voice_kind = {};             ///< `male` or `female`
  std::string custom_voice_endpoint = {};  ///< not of a file
};

struct Play {
  std::string call = {};
  std::vector<PlaySource> sources = {};
  std::vector<Identifier> to = {};  ///< nobody: everybody
  bool loop = false;
  bool interrupt = false;  ///< what plays or waits to play now
  Correlation correlation = {};
};

struct Choice {
  std::string label = {};
  std::vector<std::string> phrases = {};
  char tone = '\0';  ///< as SendDtmf has them; none: '\0'
};

struct Recognize {
  enum class Input : std::uint8_t { dtmf, speech, speech_or_dtmf, choices };
  std::string call = {};
  Input input = Input::dtmf;
  Identifier target = {};
  std::vector<PlaySource> prompts = {};
  bool interrupt_prompt = false;                       ///< by the first tone or word
  bool interrupt = false;                              ///< what plays or waits to play now
  std::optional<std::int64_t> initial_silence_s = {};  ///< 0 to 300
  std::optional<std::int64_t> between_tones_s = {};    ///< 1 to 60
  std::optional<std::int64_t> max_tones = {};          ///< 1 to 100
  std::string stop_tones = {};                         ///< as SendDtmf has them
  std::optional<std::int64_t> end_silence_ms = {};     ///< of speech, 0 to 300,000
  std::string locale = {};
  std::string speech_model = {};
  std::vector<Choice> choices = {};
  Correlation correlation = {};
};

/// Whatever plays or is being recognised in the call.
struct CancelMedia {
  std::string call = {};
};

struct ContinuousDtmf {
  std::string call = {};
  Identifier target = {};
  bool start = true;  ///< false: stop
  Correlation correlation = {};
};

struct SendDtmf {
  std::string call = {};
  std::string tones = {};  ///< of 0 to 9, A to D of either case, `#` and `*`; at most 18
  Identifier target = {};  ///< a telephone
  Correlation correlation = {};
};

struct Hold {
  std::string call = {};
  Identifier target = {};
  std::optional<PlaySource> music = {};
  Correlation correlation = {};
};

struct Unhold {
  std::string call = {};
  Identifier target = {};
  Correlation correlation = {};
};

struct StreamMedia {
  std::string call = {};
  bool start = true;  ///< false: stop
  Correlation correlation = {};
};

struct Transcribe {
  enum class Action : std::uint8_t { start, update, stop };
  std::string call = {};
  Action action = Action::start;
  std::string locale = {};  ///< needed for an update; this and the next not of a stop
  std::string speech_model = {};
  Correlation correlation = {};
};

/// Names the call by one of `call` and `locator`.
struct StartRecording {
  enum class Format : std::uint8_t { wav, mp3, mp4 };
  struct Channel {
    std::int64_t channel = 0;  ///< 0 to 4
    Identifier participant = {};
  };
  std::string call = {};
  std::optional<Locator> locator = {};
  std::string state_callback_uri = {};
  bool video = false;
  bool unmixed = false;  ///< WAV only
  Format format = Format::wav;
  std::vector<Channel> channels = {};
  std::vector<Identifier> channel_order = {};
  bool paused = false;
  std::string container_url = {};  ///< of blob storage of the operator's own; empty: the service keeps it for a day
};

/// What happens to a recording that runs.
struct Recording {
  enum class Action : std::uint8_t { get, stop, pause, resume };
  std::string recording = {};  ///< recordingId
  Action action = Action::get;
};

// NOLINTEND(readability-redundant-member-init)

Result<HttpCall> to_http(const Create& request, std::string_view api_version);
Result<HttpCall> to_http(const Answer& request, std::string_view api_version);
Result<HttpCall> to_http(const Redirect& request, std::string_view api_version);
Result<HttpCall> to_http(const Reject& request, std::string_view api_version);
Result<HttpCall> to_http(const Connect& request, std::string_view api_version);
Result<HttpCall> to_http(const GetCall& request, std::string_view api_version);
Result<HttpCall> to_http(const HangUp& request, std::string_view api_version);
Result<HttpCall> to_http(const Terminate& request, std::string_view api_version);
Result<HttpCall> to_http(const Transfer& request, std::string_view api_version);
Result<HttpCall> to_http(const ListParticipants& request, std::string_view api_version);
Result<HttpCall> to_http(const GetParticipant& request, std::string_view api_version);
Result<HttpCall> to_http(const AddParticipant& request, std::string_view api_version);
Result<HttpCall> to_http(const RemoveParticipant& request, std::string_view api_version);
Result<HttpCall> to_http(const Mute& request, std::string_view api_version);
Result<HttpCall> to_http(const CancelAdd& request, std::string_view api_version);
Result<HttpCall> to_http(const MoveHere& request, std::string_view api_version);
Result<HttpCall> to_http(const Play& request, std::string_view api_version);
Result<HttpCall> to_http(const Recognize& request, std::string_view api_version);
Result<HttpCall> to_http(const CancelMedia& request, std::string_view api_version);
Result<HttpCall> to_http(const ContinuousDtmf& request, std::string_view api_version);
Result<HttpCall> to_http(const SendDtmf& request, std::string_view api_version);
Result<HttpCall> to_http(const Hold& request, std::string_view api_version);
Result<HttpCall> to_http(const Unhold& request, std::string_view api_version);
Result<HttpCall> to_http(const StreamMedia& request, std::string_view api_version);
Result<HttpCall> to_http(const Transcribe& request, std::string_view api_version);
Result<HttpCall> to_http(const StartRecording& request, std::string_view api_version);
Result<HttpCall> to_http(const Recording& request, std::string_view api_version);

/// The next page of a list, by what `nextLink` named below the endpoint: see read_participants().
HttpCall next_page(std::string target);

}  // namespace trunkline::providers::acs::requests
