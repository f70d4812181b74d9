#pragma once

#include <trunkline/media/sink.hpp>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace trunkline::media {

struct StreamLimits {
  /// A timestamp may differ from where the track stands by this much without being a gap or an overlap (ms), but never
  /// by more than half a frame, or the loss of one frame would go unseen.
  std::int64_t tolerance_ms = 10;
  /// A longer jump, either way, is not believed: the track's clock is set anew from the time of arrival (ms).
  std::int64_t max_gap_ms = 30'000;
  /// Our own audio that comes this soon after the last follows it without a pause (ms): timers are not exact.
  std::int64_t splice_ms = 60;
};

/// What a track has been through, for metrics and the quality score.
struct TrackCounters {
  std::uint64_t frames = 0;  ///< frames given on as audio
  std::uint64_t gaps = 0;    ///< stretches that the carrier left out, filled with silence
  std::uint64_t gap_samples = 0;
  std::uint64_t late = 0;        ///< came after their stretch was given as silence
  std::uint64_t duplicates = 0;  ///< wholly before the track's position and never missing: dropped
  std::uint64_t trimmed = 0;     ///< partly before the track's position: the front was cut off
  std::uint64_t rebased = 0;     ///< timestamps that were not believed
  std::uint64_t malformed = 0;   ///< payloads of no sample or of half a sample: ignored
};

/// The stretches of a track that were given as silence and may still come: the last few, so that a late frame can be
/// told from a duplicate.
class MissingStretches {
 public:
  struct Stretch {
    std::int64_t from = 0;
    std::int64_t to = 0;  ///< past the end; an empty stretch is a free place
    bool empty() const { return from >= to; }
  };

  /// The oldest stretch is given up when there is no room.
  void add(Stretch stretch);
  /// The first part of `wanted` that is missing, which is then missing no more. Empty: none of it.
  Stretch take(Stretch wanted);

 private:
  std::array<Stretch, 8> stretches_;
  std::size_t next_ = 0;
};

/// One call's audio on its way to its sinks: puts each track's frames on one timeline, in samples since the start of
/// the stream, and gives each sink a gapless sequence per track.
///
/// Inbound frames come with the carrier's timestamps (receive); our own audio comes when it is played (played). The
/// timeline starts at the first timestamp of any track that receive() sees, or at the first sample played, whichever
/// comes first; both tracks' timestamps are read on the same carrier clock. Owned by its connection; one thread; no
/// allocation per frame. Sinks must not add or remove sinks from within their own methods.
class Stream {
 public:
  Stream(Format format, MonoTime started, StreamLimits limits = {});

  void add_sink(std::shared_ptr<Sink> sink);
  void remove_sink(const Sink& sink);

  /// A frame as the carrier sent it. `timestamp_ms` is on the carrier's clock; `payload` is whole samples.
  void receive(Track track, std::int64_t timestamp_ms, std::span<const std::uint8_t> payload, MonoTime now);

  /// Our own audio, the last sample of which has reached the caller's ear at `now`. Placed at the end of what was
  /// played before or so that it ends at the carrier's clock at `now`, whichever is later.
  void played(std::span<const std::uint8_t> payload, MonoTime now);

  void end_batch();
  /// Ends every sink; later calls do nothing. Returns false when the stream had ended before.
  bool end(EndCause cause);
  bool ended() const { return ended_; }

  const Format& format() const { return format_; }
  /// The end of the longest track, in ms on the recording's clock.
  std::int64_t duration_ms() const;
  /// The tracks that are known: those of index 0 to this. A further participant's is known from its first frame.
  std::size_t tracks() const { return tracks_.size(); }
  const TrackCounters& counters(Track track) const { return tracks_[index(track)].counters; }
  const std::vector<std::shared_ptr<Sink>>& sinks() const { return sinks_; }

 private:
  struct TrackState {
    std::int64_t offset = 0;    // added to a carrier position to get the timeline's
    std::int64_t position = 0;  // where the next sample belongs
    MissingStretches missing;
    TrackCounters counters;
  };

  TrackState& state_of(Track track);
  bool accept(TrackState& state, std::span<const std::uint8_t> payload);
  std::int64_t timeline_position(TrackState& state, std::int64_t timestamp_ms, std::int64_t samples, MonoTime now);
  std::int64_t carrier_clock(MonoTime now) const { return format_.samples_in(now - started_) + ahead_; }
  void begin(MonoTime now, std::int64_t samples);
  void follow_carrier(std::int64_t position, MonoTime now);
  void give_back(TrackState& state, Frame frame);
  void give_silence(TrackState& state, Frame frame, std::int64_t until);
  void give_audio(TrackState& state, Frame frame);
  void give(const Frame& frame);

  Format format_;
  MonoTime started_;
  StreamLimits limits_;
  bool begun_ = false;
  std::int64_t offset_ = 0;  // of the first timestamp
  std::int64_t ahead_ = 0;   // the timeline's position less our clock, at the carrier's quickest recent delivery
  std::optional<std::int64_t> first_timestamp_ms_;
  std::vector<TrackState> tracks_{2};
  std::vector<std::shared_ptr<Sink>> sinks_;
  bool ended_ = false;
};

}  // namespace trunkline::media
