#pragma once

#include <trunkline/base/result.hpp>
#include <trunkline/media/frame.hpp>

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace trunkline::media {

struct PlayoutLimits {
  std::int64_t lead_ms = 200;       ///< how far ahead of the caller's ear audio is handed to the carrier; from 20
  std::int64_t queue_ms = 120'000;  ///< audio that may wait
  std::size_t marks = 256;          ///< marks that may be outstanding
  bool echoes = true;               ///< the carrier takes marks and says when it reached one; else our clock says it
};

/// What the playout wants done, in order. Its methods must not call the playout.
class PlayoutOutput {
 public:
  virtual ~PlayoutOutput() = default;
  /// Send this audio to the carrier now. At most `lead_ms` at once, in whole frames of 20 ms unless a mark or the end
  /// of what is queued cuts the last one short.
  virtual void send_audio(std::span<const std::uint8_t> audio) = 0;
  virtual void send_mark(const std::string& name) = 0;
  /// The carrier must throw away what it has not played.
  virtual void send_clear() = 0;
  /// This audio has reached the caller's ear by our clock.
  virtual void audio_played(std::span<const std::uint8_t> audio) = 0;
  /// A mark came back because everything before it was played (`played`) or because of a clear.
  virtual void mark_reached(const std::string& name, bool played) = 0;
};

/// Outbound audio of one stream: paced against a monotonic clock with a lead, marks accounted, cleared for barge-in.
/// A pure machine: time is an argument, actions go to PlayoutOutput. One thread.
///
/// The clock starts with the first audio and stops when the carrier must have run dry; the next audio starts it anew.
class Playout {
 public:
  Playout(Format format, PlayoutLimits limits = {});

  /// Queues audio (whole samples in the stream's format). Errors `playout_full`, `partial_sample`; nothing is queued.
  Result<> queue_audio(std::span<const std::uint8_t> audio);
  /// A mark after everything queued so far. Error `too_many_marks`.
  Result<> queue_mark(std::string name);

  /// Sends what is due and reports what was played. Call at every wake-up of the stream and when `next_due` passes.
  void step(MonoTime now, PlayoutOutput& out);
  /// Throws away everything not yet played, here and at the carrier. Marks that the carrier has not seen yet are
  /// reported at once, the others when they come back.
  void clear(MonoTime now, PlayoutOutput& out);
  /// The carrier echoed a mark. Marks that were outstanding at a clear count as not played, whenever they arrive.
  /// An unknown name is ignored; false is returned.
  bool mark_echoed(const std::string& name, PlayoutOutput& out);

  /// When step() has something to do next (in the past: at once); nothing when idle.
  std::optional<MonoTime> next_due() const;
  /// Everything queued was played and every mark was sent.
  bool idle() const;
  /// Not yet played, wherever it waits.
  std::int64_t queued_ms() const;
  std::int64_t played_ms() const;

 private:
  struct Mark {
    std::string name;
    std::int64_t position;  // everything before it comes first
    bool cleared = false;
  };

  std::int64_t ear(MonoTime now) const;
  MonoTime time_of(std::int64_t position) const;
  std::int64_t next_stop() const;
  std::int64_t sendable(std::int64_t until) const;
  void report_played(std::int64_t until, PlayoutOutput& out);
  void send_due(MonoTime now, PlayoutOutput& out);
  void send_marks(PlayoutOutput& out);
  void reach_marks(PlayoutOutput& out);
  std::span<const std::uint8_t> bytes(std::int64_t from, std::int64_t to) const;

  const Format format_;
  const PlayoutLimits limits_;
  const std::int64_t frame_;  // 20 ms, in samples
  const std::int64_t lead_;   // in samples

  // Positions are in samples since the first queued one: played_ <= sent_ <= queued_.
  std::int64_t played_ = 0;
  std::int64_t sent_ = 0;
  std::int64_t queued_ = 0;
  std::vector<std::uint8_t> audio_;  // from audio_start_ to queued_
  std::int64_t audio_start_ = 0;     // at most played_; what was played is cut off now and then

  bool running_ = false;
  MonoTime clock_start_;
  std::int64_t clock_base_ = 0;    // position at clock_start_
  bool carrier_may_hold_ = false;  // something was sent since the last clear
  std::deque<Mark> marks_;
  std::size_t marks_sent_ = 0;  // of marks_, from the front
};

}  // namespace trunkline::media
