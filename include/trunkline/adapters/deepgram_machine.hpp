#pragma once

#include <trunkline/base/clock.hpp>
#include <trunkline/media/frame.hpp>
#include <trunkline/net/websocket.hpp>
#include <trunkline/speech/transcript.hpp>

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace trunkline::adapters {

class AudioBacklog;
struct DeepgramMessage;

/// What one connection to Deepgram transcribes. Two tracks are two connections: mu-law then goes through untouched,
/// whereas two channels on one connection would have to be interleaved, and one track's gap would hold up the other.
struct DeepgramStream {
  media::Track track = media::Track::inbound;
  media::Format format;
  std::string model = "nova-3";
  std::string language = "en-US";
};

/// Path and query of the upgrade request (Deepgram live transcription v1), and its Authorization header.
std::string deepgram_target(const DeepgramStream& stream);
std::string deepgram_authorization(std::string_view api_key);

struct DeepgramLimits {
  milliseconds connect_timeout{4'000};
  milliseconds first_retry{200};  ///< doubled each time; each wait is 0.5 to 1.5 times this, by chance
  milliseconds longest_retry{5'000};
  milliseconds busy_retry{1'000};       ///< at least, after HTTP 429
  milliseconds keep_alive{5'000};       ///< Deepgram hangs up after 10 s without audio or KeepAlive
  milliseconds finish_timeout{2'000};   ///< for the last results
  milliseconds backlog{10'000};         ///< audio kept while there is no connection; the oldest goes first
  double replay_speed = 1.25;           ///< of real time, while the backlog is sent
  std::size_t utterance_bytes = 4'096;  ///< a longer utterance is given out in parts
  int failures_until_trouble = 3;
};

/// What the machine wants done, in order.
class DeepgramOutput {
 public:
  virtual ~DeepgramOutput() = default;
  /// Open a new connection; connected() or closed() must follow.
  virtual void connect() = 0;
  /// False when the connection's outgoing buffer is full: the message was not taken. Never an empty message: that is
  /// Deepgram's old way to end a stream.
  virtual bool send_binary(std::span<const std::uint8_t> audio) = 0;
  virtual bool send_text(std::string_view message) = 0;
  /// Let go of the connection, open or opening; nothing of it must be reported to the machine any more.
  virtual void close() = 0;
  virtual void segment(const speech::Segment& segment) = 0;
  virtual void trouble(const std::string& reason, const std::string& message) = 0;
  /// Nothing more will come.
  virtual void finished() = 0;
};

/// One track's live transcription by Deepgram over as many connections as it takes. A pure machine: what happens and
/// the time come in, actions go to DeepgramOutput. One thread; audio() allocates nothing while connected.
///
/// Each connection counts time from its first audio. Results are put on the recording's clock by remembering which
/// position was sent at which point of the connection, also across gaps.
class DeepgramMachine {
 public:
  /// `chance` gives numbers from 0 to 1 for the retry waits.
  DeepgramMachine(DeepgramStream stream, std::function<double()> chance, DeepgramLimits limits = {});
  ~DeepgramMachine();

  void start(MonoTime now, DeepgramOutput& out);
  void connected(MonoTime now, DeepgramOutput& out);
  void text(std::string_view message, MonoTime now, DeepgramOutput& out);
  void closed(const net::CloseInfo& info, MonoTime now, DeepgramOutput& out);
  void audio(std::span<const std::uint8_t> audio, std::int64_t position, MonoTime now, DeepgramOutput& out);
  /// The carrier sent nothing for this stretch. Up to a second of it is sent as silence, so that utterances end.
  void silence(std::uint32_t samples, std::int64_t position, MonoTime now, DeepgramOutput& out);
  /// Call every 20 to 100 ms.
  void tick(MonoTime now, DeepgramOutput& out);
  /// No more audio will come; finished() follows within `finish_timeout`.
  void finish(MonoTime now, DeepgramOutput& out);

  bool done() const { return state_ == State::done; }
  std::size_t queued_bytes() const;
  std::uint64_t lost_samples() const { return lost_samples_; }
  std::uint64_t malformed_messages() const { return malformed_; }

 private:
  enum class State { idle, connecting, open, closing, waiting, done };

  struct Anchor {
    std::int64_t sent;  // samples sent on this connection before `position`
    std::int64_t position;
  };

  struct Utterance {
    std::string text;
    std::int64_t start_ms = 0;
    std::int64_t end_ms = 0;
    double weighted_confidence = 0;
    double weight = 0;
  };

  void connect(MonoTime now, DeepgramOutput& out);
  void retry(MonoTime now, milliseconds at_least, DeepgramOutput& out);
  bool send(std::span<const std::uint8_t> audio, std::int64_t position, MonoTime now, DeepgramOutput& out);
  void keep(std::span<const std::uint8_t> audio, std::int64_t position, DeepgramOutput& out);
  void replay(MonoTime now, DeepgramOutput& out);
  void send_rest(MonoTime now, DeepgramOutput& out);
  void lose(std::size_t bytes, DeepgramOutput& out);
  void end(DeepgramOutput& out);

  void take_results(const DeepgramMessage& message, DeepgramOutput& out);
  Utterance extended(const DeepgramMessage& message) const;
  void give(const Utterance& utterance, bool final, DeepgramOutput& out) const;
  void give_utterance(DeepgramOutput& out);
  std::int64_t recording_ms(double connection_seconds) const;

  const DeepgramStream stream_;
  const DeepgramLimits limits_;
  const std::function<double()> chance_;
  std::unique_ptr<AudioBacklog> backlog_;

  State state_ = State::idle;
  bool finishing_ = false;
  MonoTime connect_deadline_;
  MonoTime finish_deadline_;
  MonoTime retry_at_;
  milliseconds retry_base_;
  int failures_ = 0;
  bool loss_reported_ = false;
  std::uint64_t lost_samples_ = 0;
  std::uint64_t malformed_ = 0;

  MonoTime last_sent_;
  MonoTime last_replay_;
  double replay_bytes_ = 0;     // that may be sent now
  std::int64_t sent_ = 0;       // samples on this connection
  std::deque<Anchor> anchors_;  // of this connection, oldest first
  Utterance utterance_;         // final parts that wait for the rest
};

}  // namespace trunkline::adapters
