#pragma once

#include <trunkline/base/clock.hpp>
#include <trunkline/base/ids.hpp>
#include <trunkline/base/result.hpp>
#include <trunkline/providers/acs/transcription_codec.hpp>
#include <trunkline/sim/acs_service.hpp>
#include <trunkline/sim/call.hpp>

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <string>
#include <vector>

namespace trunkline::sim {

/// How Event Grid was told to bring the gateway its events.
struct EventGridPlan {
  std::string path = "/webhooks/azure/events";
  std::string secret_header = "X-Event-Grid-Secret";
  std::string secret;         ///< empty: no such header
  bool cloud_events = false;  ///< CloudEvents 1.0 in place of Event Grid's own schema
  bool handshake = false;     ///< validate the subscription first, in both ways
};

/// A key that the caller presses.
struct AcsKey {
  milliseconds at{0};  ///< since the media socket opened first
  char key = '1';
};

/// What ACS's own transcription says, when the gateway asks for it. Its offset is set here.
struct AcsSegment {
  milliseconds at{0};
  providers::acs::TranscribedSegment segment;
};

/// One more who speaks: heard with the caller in a mixed stream, beside them in an unmixed one.
struct AcsSpeaker {
  std::string raw_id;
  std::vector<std::int16_t> audio;  ///< at the plan's rate
};

struct AcsCallPlan : CallPlan {
  EventGridPlan event_grid;
  std::vector<AcsKey> keys;
  std::vector<AcsSegment> segments;
  std::vector<AcsSpeaker> speakers;
  milliseconds ring_limit{30'000};  ///< then the caller gives up

  /// What the service recorded, of which Event Grid tells once the call is over: a WAV, MP3 or MP4 file. Empty:
  /// nothing.
  std::filesystem::path recording;
  FileFault recording_fault = FileFault::none;
};

/// Plays one call that comes in, on the worker of `service`, which has been started: Event Grid's IncomingCall, what
/// the gateway asks of the service, signed callbacks, the media and transcription sockets in real time, the hang-up,
/// and, where the plan has a recording, the word of it, until it was fetched.
/// Ends by itself: what it waits for is bounded. All arguments outlive it. Errors: those of net::fetch, `refused` (the
/// gateway did not take the event), `handshake_failed`, `not_answered`, `too_many_calls`.
asio::awaitable<Result<CallReport>> place_acs_call(AcsService& service, AcsCallPlan plan, Ids& ids, const Clock& clock);

/// Answers a call that the gateway made and plays it the same way; see AcsService::on_outbound().
asio::awaitable<Result<CallReport>> take_acs_call(AcsService& service, std::shared_ptr<AcsCall> call, AcsCallPlan plan,
                                                  Ids& ids, const Clock& clock);

}  // namespace trunkline::sim
