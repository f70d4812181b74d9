#pragma once

#include <trunkline/base/clock.hpp>
#include <trunkline/base/ids.hpp>
#include <trunkline/base/result.hpp>
#include <trunkline/net/worker.hpp>
#include <trunkline/providers/acs/results.hpp>
#include <trunkline/sim/acs_files.hpp>

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace trunkline::sim {

struct AcsServiceOptions {
  std::string host = "127.0.0.1";  ///< plain HTTP: a loopback address
  std::uint16_t port = 0;          ///< 0: any that is free
  std::string access_key;          ///< in bytes; what requests must be signed with, and what the tokens' key comes from
  std::string resource_id;         ///< audience of the tokens
  std::string issuer = "https://acscallautomation.communication.azure.com";
  milliseconds delay{0};  ///< before each answer
};

/// A media socket, as the gateway asked for it.
struct AcsMedia {
  std::string url;
  std::uint32_t sample_rate = 16'000;
  bool unmixed = false;
  bool bidirectional = false;
  bool dtmf = false;
};

/// A transcription socket, as the gateway asked for it.
struct AcsTranscription {
  std::string url;
  std::string locale;
  bool intermediate = false;
};

/// A callback that is due.
struct AcsEvent {
  std::string name;  ///< `CallConnected`
  std::string callback_uri;
  std::string body;  ///< an array with one CloudEvent
};

/// One call, as the service knows it.
struct AcsCall {
  enum class Stage : std::uint8_t { ringing, connected, rejected, redirected, over };

  Stage stage = Stage::ringing;
  providers::acs::Identifier from;
  providers::acs::Identifier to;
  std::string incoming_call_context;  ///< by which it can be answered
  std::string connection_id;          ///< empty until it is
  std::string server_call_id;
  std::string correlation_id;
  bool outbound = false;  ///< made by the gateway

  std::string callback_uri;
  std::string operation_context;
  std::string answer;  ///< the request that answered it, as it came
  std::optional<AcsMedia> media;
  bool streaming = false;  ///< its socket is wanted now
  std::optional<AcsTranscription> transcription;
  bool transcribing = false;
  std::vector<providers::acs::Participant> participants;

  std::string keys;           ///< what the caller enters when asked for tones, as `12#`
  std::size_t throttled = 0;  ///< how often the answer is refused with 429 yet

  std::deque<AcsEvent> events;      ///< oldest first; whoever sends them takes them out
  std::function<void()> on_change;  ///< something above did; without it nobody listens and no events are kept
  std::uint64_t roster = 0;         ///< sequence of ParticipantsUpdated
  std::string looping;              ///< context of what is played until it is cancelled
  bool plays_in_a_loop = false;
  bool hears_tones = false;  ///< continuous DTMF
  std::uint64_t tones = 0;   ///< sequence of its callbacks
};

/// Azure's Call Automation, played: the REST API on a port of its own, which takes only what is signed with the access
/// key, the storage of recordings likewise, and the keys that callbacks and sockets are signed with. What it does to a
/// call is left there as events; see place_acs_call() for who sends them. Bounded: calls, events, what is remembered of
/// requests that may come again.
class AcsService {
 public:
  /// `ids` and `clock` outlive it.
  AcsService(AcsServiceOptions options, Ids& ids, const Clock& clock);
  ~AcsService();

  /// Errors: those of net::Server::listen().
  Result<> start();
  /// Ends everything that runs on worker().
  void stop();

  std::uint16_t port() const;
  std::string endpoint() const;           ///< `http://127.0.0.1:4000`
  std::string connection_string() const;  ///< a secret
  std::string jwks_url() const;
  const std::string& resource_id() const;

  /// One thread has the service and all its calls. What follows is to be called there.
  net::Worker& worker();

  /// A call that rings at the gateway, once it has been told. Nothing when there are too many.
  std::shared_ptr<AcsCall> ring(providers::acs::Identifier from, providers::acs::Identifier to);
  /// The caller hangs up, or gives up while it rings. Nothing happens to a call that is over.
  void hang_up(AcsCall& call);
  /// The caller presses one of `0123456789*#ABCD`: a callback, when continuous recognition was started.
  void press(AcsCall& call, char key);
  /// A callback about a call, with `more` (the members of a JSON object) beside what all have.
  void tell(AcsCall& call, std::string_view name, std::string_view more);

  /// A recording that the service has made, to be fetched from it with signed requests. Error `file_unreadable`.
  Result<std::shared_ptr<AcsFile>> keep(std::filesystem::path file);

  /// A token for callbacks (5 minutes) and sockets (24 hours), or one that has expired an hour ago.
  std::string token(std::chrono::seconds life) const;

  /// Who takes calls that the gateway makes. Without one nobody does, and no event comes of them.
  void on_outbound(std::function<void(std::shared_ptr<AcsCall>)> take);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace trunkline::sim
