#pragma once

#include <trunkline/base/clock.hpp>
#include <trunkline/base/ids.hpp>
#include <trunkline/base/result.hpp>
#include <trunkline/net/client.hpp>
#include <trunkline/providers/acs/circuit_breaker.hpp>
#include <trunkline/providers/acs/connection_string.hpp>
#include <trunkline/providers/acs/credential.hpp>
#include <trunkline/providers/acs/recording_url.hpp>
#include <trunkline/providers/acs/requests.hpp>
#include <trunkline/providers/acs/results.hpp>
#include <trunkline/providers/acs/retry.hpp>

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace trunkline::providers::acs {

/// One attempt of one request, for statistics.
struct Attempt {
  std::string_view operation;
  int status = 0;          ///< 0: there was no answer
  std::string_view error;  ///< then the code of what went wrong; `resting`: it was not sent, to spare the service
  milliseconds took{0};
  int number = 1;  ///< from 2 on it is a repetition
};

/// How one command is sent.
struct Manner {
  /// Names the command for good: it is sent with the same repeatability headers whenever it is sent again, after a
  /// restart also. Empty: only while this request lasts.
  std::string key;
  std::optional<WallTime> first_sent;   ///< when the command was given; absent: now
  std::optional<RetryProfile> profile;  ///< absent: `ringing` for what must be in time, else the client's own
};

/// The REST API of Call Automation: signs, repeats with the same repeatability headers, and leaves a service alone that
/// is down. Any worker; requests run on the calling coroutine's loop.
///
/// Errors of all: `provider_not_configured`, `invalid_command` (never sent), `stale_call` (the call stopped ringing),
/// `call_not_found_there` (it is over), `rate_limited`, `provider_unavailable`, `provider_failed`, `unreachable`,
/// `timeout`.
class CallAutomation {
 public:
  struct Settings {
    std::string api_version{requests::default_api_version};
    RetryProfile profile;
    CircuitBreaker::Settings breaker;
    RecordingHosts recording_hosts;  ///< beside Microsoft's
    std::uint64_t max_recording_bytes = std::uint64_t{8} * 1024 * 1024 * 1024;
    std::uint64_t recording_part_bytes = std::uint64_t{4} * 1024 * 1024;
  };
  struct Parts {
    Endpoint endpoint;                       ///< an empty URL: `provider_not_configured`
    std::shared_ptr<Credential> credential;  ///< none: likewise
    const Clock& clock;                      ///< outlives the client, as `ids` does
    Ids& ids;
    Settings settings;
    std::function<void(const Attempt&)> on_attempt;  ///< may be empty; any thread
    Wait wait = pause;
  };
  explicit CallAutomation(Parts parts);
  ~CallAutomation();
  CallAutomation(const CallAutomation&) = delete;
  CallAutomation& operator=(const CallAutomation&) = delete;

  template <class T>
  using Answered = asio::awaitable<Result<T>>;

  Answered<CallConnection> create(const requests::Create& request, Manner manner = {});
  Answered<CallConnection> answer(const requests::Answer& request, Manner manner = {});
  Answered<Done> redirect(const requests::Redirect& request, Manner manner = {});
  Answered<Done> reject(const requests::Reject& request, Manner manner = {});
  Answered<CallConnection> connect(const requests::Connect& request, Manner manner = {});
  Answered<CallConnection> get(const requests::GetCall& request, Manner manner = {});
  Answered<Done> hang_up(const requests::HangUp& request, Manner manner = {});
  Answered<Done> terminate(const requests::Terminate& request, Manner manner = {});
  Answered<Done> transfer(const requests::Transfer& request, Manner manner = {});

  /// All pages; at most a thousand participants.
  Answered<std::vector<Participant>> list_participants(requests::ListParticipants request, Manner manner = {});
  Answered<Participant> get_participant(const requests::GetParticipant& request, Manner manner = {});
  Answered<AddedParticipant> add_participant(const requests::AddParticipant& request, Manner manner = {});
  Answered<Done> remove_participant(const requests::RemoveParticipant& request, Manner manner = {});
  Answered<Done> mute(const requests::Mute& request, Manner manner = {});
  Answered<Done> cancel_add(const requests::CancelAdd& request, Manner manner = {});
  Answered<Done> move_here(const requests::MoveHere& request, Manner manner = {});

  Answered<Done> play(const requests::Play& request, Manner manner = {});
  Answered<Done> recognize(const requests::Recognize& request, Manner manner = {});
  Answered<Done> cancel_media(const requests::CancelMedia& request, Manner manner = {});
  Answered<Done> continuous_dtmf(const requests::ContinuousDtmf& request, Manner manner = {});
  Answered<Done> send_dtmf(const requests::SendDtmf& request, Manner manner = {});
  Answered<Done> hold(const requests::Hold& request, Manner manner = {});
  Answered<Done> unhold(const requests::Unhold& request, Manner manner = {});
  Answered<Done> stream_media(const requests::StreamMedia& request, Manner manner = {});
  Answered<Done> transcribe(const requests::Transcribe& request, Manner manner = {});

  Answered<RecordingState> start_recording(const requests::StartRecording& request, Manner manner = {});
  Answered<RecordingState> get_recording(std::string recording, Manner manner = {});
  Answered<Done> stop_recording(std::string recording, Manner manner = {});
  Answered<Done> pause_recording(std::string recording, Manner manner = {});
  Answered<Done> resume_recording(std::string recording, Manner manner = {});

  /// Takes one part after the other, on the calling loop: what blocks goes to a pool of its own. An error ends it all.
  using Take = std::function<asio::awaitable<Result<>>(std::uint64_t offset, std::string bytes)>;
  /// Fetches what `contentLocation` or `metadataLocation` of an event names, in parts; how many bytes there were, which
  /// are all that the server said there are. `take` stays until then. Errors: those of `take`, and also
  /// `recording_url_refused`, `recording_gone`, `recording_too_large`.
  Answered<std::uint64_t> download_recording(std::string url, const Take& take);
  /// `deleteLocation`. What is gone already is no error.
  Answered<Done> delete_recording(std::string url);

  /// Whether the service is there and takes us for who we are: asks once, for a call that there is not, also while the
  /// service is left alone. Errors: `credentials_refused`, `rate_limited`, `provider_unavailable`, `provider_failed`
  /// (what answers is not the service), `unreachable`, `timeout`.
  Answered<Done> check();

  /// Whether the service is left alone for the moment.
  bool resting() const { return breaker_.open(); }
  const Endpoint& endpoint() const { return parts_.endpoint; }

 private:
  bool configured() const { return !parts_.endpoint.url.empty() && parts_.credential != nullptr; }
  template <class T>
  Answered<T> ask(Result<HttpCall> call, Manner manner, Result<T> (*read)(std::string_view));
  asio::awaitable<Result<std::string>> send(HttpCall call, Manner manner);
  asio::awaitable<Result<net::ClientRequest>> prepared(const HttpCall& call, const net::Headers& repeatability);
  asio::awaitable<Result<net::ClientRequest>> prepared(std::string_view method, const RecordingUrl& url,
                                                       std::optional<net::ByteRange> range);
  asio::awaitable<Result<net::ClientResponse>> ask_keeper(std::string_view method, const RecordingUrl& url,
                                                          std::optional<net::ByteRange> range);
  asio::awaitable<Result<net::ClientResponse>> ask_keeper_on(std::string_view method, RecordingUrl& url,
                                                             std::optional<net::ByteRange> range);
  net::Headers repeatability_headers(const HttpCall& call, const Manner& manner);

  Parts parts_;
  CircuitBreaker breaker_;
};

}  // namespace trunkline::providers::acs
