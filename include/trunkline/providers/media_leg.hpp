#pragma once

#include <trunkline/base/clock.hpp>
#include <trunkline/calls/call_service.hpp>
#include <trunkline/media/active_streams.hpp>
#include <trunkline/media/playout.hpp>
#include <trunkline/media/quality_meter.hpp>
#include <trunkline/media/stream.hpp>
#include <trunkline/net/websocket.hpp>
#include <trunkline/net/worker.hpp>
#include <trunkline/observe/metrics.hpp>
#include <trunkline/providers/sink_figures.hpp>
#include <trunkline/speech/synthesizer.hpp>

#include <boost/asio/steady_timer.hpp>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace trunkline::providers {

/// Makes the sinks that a call's route asks for. Called on the stream's worker when its call is known; `unmixed` is as
/// in LegStart. The quality meter is not among them: the leg brings its own.
class SinkFactory {
 public:
  virtual ~SinkFactory() = default;
  virtual std::vector<std::shared_ptr<media::Sink>> make_sinks(const calls::MediaGrant& grant,
                                                               const media::Format& format, bool unmixed) = 0;
};

/// What every media leg of the process uses. References outlive all legs.
struct MediaServices {
  calls::CallService& calls;
  SinkFactory& sinks;
  speech::Synthesizer& synthesizer;
  media::ActiveStreams& streams;
  observe::Metrics& metrics;
  const Clock& clock;
};

/// The provider's side of a leg: how audio leaves, in the provider's wire format. One thread.
class Carrier {
 public:
  virtual ~Carrier() = default;
  virtual void send_audio(std::span<const std::uint8_t> audio) = 0;
  virtual void send_mark(const std::string& name) = 0;
  virtual void send_clear() = 0;
  /// Writes what was sent: the leg's own timer does not run inside a wake-up of the socket.
  virtual void flush() = 0;
  /// Closes the socket. MediaLeg::end() may follow from it; nothing is sent after it.
  virtual void hang_up(net::CloseCode code, const std::string& reason) = 0;
};

/// What the provider's `start` says, in our words.
struct LegStart {
  std::string call_id;           ///< from the socket's path
  std::string provider_call_id;  ///< from the message
  std::string token;
  std::string stream_id;
  media::Format format;
  bool bidirectional = true;
  bool unmixed = false;             ///< each participant of the far end comes on a track of their own
  bool echoes_marks = true;         ///< see media::PlayoutLimits
  bool carries_call = true;         ///< the provider hangs up when the stream ends
  bool returns = false;             ///< the provider opens another socket when this one breaks
  milliseconds return_patience{0};  ///< for it to do so, before the call counts as RECONNECTING
  std::string data;                 ///< of the media_started event
};

/// One call's media on this node, the same for every provider: redeems the token, opens the sinks, puts frames on the
/// stream, speaks the greeting, plays out, measures, and ends once.
///
/// Audio and digits that come while the token is being checked wait, bounded. Lives on its worker; kept alive by its
/// session and by what it waits for.
class MediaLeg final : public media::LiveStream,
                       public std::enable_shared_from_this<MediaLeg>,
                       private media::PlayoutOutput,
                       private media::QualityListener {
 public:
  MediaLeg(const MediaServices& services, net::Worker& worker, Carrier& carrier);
  ~MediaLeg() override;

  void start(LegStart start);
  void receive(media::Track track, std::int64_t timestamp_ms, std::span<const std::uint8_t> payload, MonoTime now);
  /// Who is heard on `track`: told once for each, before its first frame.
  void name_track(media::Track track, const std::string& participant, const std::string& address);
  void dtmf(char digit, media::Track track);
  void mark_echoed(const std::string& name);
  /// After the messages of one wake-up that began at `now`.
  void end_batch(MonoTime now);
  void tick(MonoTime now);
  bool started() const { return phase_ != Phase::idle; }
  /// The socket is gone: the carrier is not to be called any more.
  void detach() { carrier_ = nullptr; }

  const std::string& id() const override { return start_.stream_id; }
  const media::Format& format() const override { return start_.format; }
  bool carries_call() const override { return start_.carries_call; }
  void add_sink(std::shared_ptr<media::Sink> sink) override;
  void remove_sink(const media::Sink& sink) override;
  void end(media::EndCause cause) override;

 private:
  enum class Phase : std::uint8_t { idle, attaching, running, ended };
  struct EarlyAudio {
    media::Track track;
    std::int64_t timestamp_ms;
    std::vector<std::uint8_t> payload;
    MonoTime arrived;
  };
  struct EarlyDigit {
    char digit;
    media::Track track;
  };
  struct EarlyName {
    media::Track track;
    std::string participant;
    std::string address;
  };
  using Early = std::variant<EarlyAudio, EarlyDigit, EarlyName>;

  asio::awaitable<void> attach();
  void run(const calls::MediaGrant& grant);
  void take_early();
  asio::awaitable<void> miss_media();
  asio::awaitable<void> speak(std::vector<std::string> texts);
  void arm_playout();
  void step_playout();
  void export_counters();

  void send_audio(std::span<const std::uint8_t> audio) override;
  void send_mark(const std::string& name) override;
  void send_clear() override;
  void audio_played(std::span<const std::uint8_t> audio) override;
  void mark_reached(const std::string& name, bool played) override;
  void on_alert(const media::QualityAlert& alert) noexcept override;
  void on_summary(const media::QualitySummary& summary) noexcept override;

  MediaServices services_;
  net::Worker& worker_;
  Carrier* carrier_;
  Phase phase_ = Phase::idle;
  LegStart start_;
  std::optional<media::EndCause> pending_end_;  // the stream was over before its token was checked
  std::deque<Early> early_;  // in the order in which it came, so that a digit keeps its place in the audio
  std::size_t early_bytes_ = 0;
  std::size_t early_digits_ = 0;
  std::optional<media::Stream> stream_;
  std::optional<media::Playout> playout_;
  asio::steady_timer playout_timer_;

  std::array<observe::Counter, 2> frames_;      // of the far end and of us
  std::vector<media::TrackCounters> exported_;  // of each track, what the metrics know of
  observe::Counter late_;
  observe::Counter gaps_;
  observe::Counter lost_ms_;
  observe::Gauge active_;
  observe::Histogram relay_delay_;
  SinkFigures sink_figures_;
  std::uint32_t batches_ = 0;
  std::uint32_t spoken_ = 0;  // texts, each with a mark behind it
  bool registered_ = false;   // among the active streams
};

}  // namespace trunkline::providers
