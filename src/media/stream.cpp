#include <trunkline/media/stream.hpp>

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace trunkline::media {
namespace {

// Timestamps come from outside: kept where arithmetic in samples cannot overflow (34 years).
constexpr std::int64_t furthest_ms = std::int64_t{1} << 40;

std::int64_t bounded(std::int64_t ms) {
  return std::clamp(ms, -furthest_ms, furthest_ms);
}

// Cuts `count` samples off the front.
void trim_front(Frame& frame, std::int64_t count, std::size_t sample_bytes) {
  frame.position += count;
  frame.samples -= static_cast<std::uint32_t>(count);
  frame.data = frame.data.subspan(static_cast<std::size_t>(count) * sample_bytes);
}

}  // namespace

void MissingStretches::add(Stretch stretch) {
  if (stretch.empty()) return;
  stretches_[next_] = stretch;
  next_ = (next_ + 1) % stretches_.size();
}

MissingStretches::Stretch MissingStretches::take(Stretch wanted) {
  Stretch* first = nullptr;
  for (Stretch& stretch : stretches_) {
    const bool overlaps = !stretch.empty() && stretch.from < wanted.to && wanted.from < stretch.to;
    if (overlaps && (first == nullptr || stretch.from < first->from)) first = &stretch;
  }
  if (first == nullptr) return {};

  const Stretch taken{std::max(first->from, wanted.from), std::min(first->to, wanted.to)};
  const Stretch behind{taken.to, first->to};
  first->to = taken.from;
  if (first->empty()) {
    *first = behind;
  } else {
    add(behind);
  }
  return taken;
}

Stream::Stream(Format format, MonoTime started, StreamLimits limits)
    : format_(format), started_(started), limits_(limits) {}

void Stream::add_sink(std::shared_ptr<Sink> sink) {
  sinks_.push_back(std::move(sink));
}

void Stream::remove_sink(const Sink& sink) {
  std::erase_if(sinks_, [&](const auto& one) { return one.get() == &sink; });
}

void Stream::receive(Track track, std::int64_t timestamp_ms, std::span<const std::uint8_t> payload, MonoTime now) {
  TrackState& state = state_of(track);
  if (!accept(state, payload)) return;

  const auto samples = static_cast<std::int64_t>(payload.size() / format_.sample_bytes());
  Frame frame{track,
              FrameKind::audio,
              timeline_position(state, timestamp_ms, samples, now),
              static_cast<std::uint32_t>(samples),
              payload,
              now};
  if (frame.position + samples <= state.position) return give_back(state, frame);

  if (frame.position < state.position) {
    ++state.counters.trimmed;
    trim_front(frame, state.position - frame.position, format_.sample_bytes());
  } else if (frame.position > state.position) {
    give_silence(state, frame, frame.position);
  }
  give_audio(state, frame);
  follow_carrier(state.position, now);
}

void Stream::played(std::span<const std::uint8_t> payload, MonoTime now) {
  TrackState& state = tracks_[index(Track::outbound)];
  if (!accept(state, payload)) return;

  const auto samples = static_cast<std::int64_t>(payload.size() / format_.sample_bytes());
  if (!begun_) begin(now, samples);
  Frame frame{Track::outbound, FrameKind::audio, state.position, static_cast<std::uint32_t>(samples), payload, now};
  const std::int64_t heard_from = carrier_clock(now) - samples;
  if (heard_from > state.position + format_.samples(limits_.splice_ms)) {
    frame.position = heard_from;
    Frame pause{Track::outbound,
                FrameKind::silence,
                state.position,
                static_cast<std::uint32_t>(heard_from - state.position),
                {},
                now};
    give(pause);
  }
  give_audio(state, frame);
}

Stream::TrackState& Stream::state_of(Track track) {
  while (tracks_.size() <= index(track)) tracks_.emplace_back().offset = offset_;
  return tracks_[index(track)];
}

bool Stream::accept(TrackState& state, std::span<const std::uint8_t> payload) {
  if (ended_) return false;
  if (payload.empty() || payload.size() % format_.sample_bytes() != 0) {
    ++state.counters.malformed;
    return false;
  }
  return true;
}

// Where a carrier's frame belongs: where its track stands if the timestamp agrees, else what the timestamp says, or
// the time of arrival if it cannot be believed.
std::int64_t Stream::timeline_position(TrackState& state, std::int64_t timestamp_ms, std::int64_t samples,
                                       MonoTime now) {
  if (!begun_) begin(now, samples);
  if (!first_timestamp_ms_) {
    first_timestamp_ms_ = bounded(timestamp_ms);
    offset_ = carrier_clock(now) - samples;
    for (TrackState& each : tracks_) each.offset = offset_;
  }
  const std::int64_t carrier_position = format_.samples(bounded(timestamp_ms) - *first_timestamp_ms_);
  const std::int64_t position = carrier_position + state.offset;
  const std::int64_t arrived = std::max(state.position, carrier_clock(now) - samples);
  const bool joins = state.counters.frames == 0;  // a participant may be heard for the first time at any time
  const std::int64_t expected = joins ? arrived : state.position;
  if (std::abs(position - expected) > format_.samples(limits_.max_gap_ms)) {
    ++state.counters.rebased;
    state.offset = arrived - carrier_position;
    return arrived;
  }
  const std::int64_t tolerance = std::min(format_.samples(limits_.tolerance_ms), samples / 2);
  return std::abs(position - state.position) <= tolerance ? state.position : position;
}

// Position 0 is the first of `samples` samples that are complete at `now`.
void Stream::begin(MonoTime now, std::int64_t samples) {
  begun_ = true;
  ahead_ = samples - format_.samples_in(now - started_);
}

// The carrier's clock as seen from ours: a frame that came quicker than expected moves it at once, slower ones only by
// a sample each, since a delay says nothing about the clock.
void Stream::follow_carrier(std::int64_t position, MonoTime now) {
  ahead_ = std::max(ahead_ - 1, position - format_.samples_in(now - started_));
}

// A frame wholly before the track's position: late where it was missing, else a duplicate.
void Stream::give_back(TrackState& state, Frame frame) {
  bool missing = false;
  while (frame.samples > 0) {
    const auto stretch = state.missing.take({frame.position, frame.position + frame.samples});
    if (stretch.empty()) break;
    missing = true;
    trim_front(frame, stretch.from - frame.position, format_.sample_bytes());
    Frame part = frame;
    part.kind = FrameKind::late;
    part.samples = static_cast<std::uint32_t>(stretch.to - stretch.from);
    part.data = frame.data.first(part.samples * format_.sample_bytes());
    give(part);
    trim_front(frame, part.samples, format_.sample_bytes());
  }
  ++(missing ? state.counters.late : state.counters.duplicates);
}

void Stream::give_silence(TrackState& state, Frame frame, std::int64_t until) {
  frame.kind = FrameKind::silence;
  frame.position = state.position;
  frame.samples = static_cast<std::uint32_t>(until - state.position);
  frame.data = {};
  state.missing.add({state.position, until});
  if (state.counters.frames > 0) {  // before a track's first frame nothing was lost
    ++state.counters.gaps;
    state.counters.gap_samples += frame.samples;
  }
  give(frame);
}

void Stream::give_audio(TrackState& state, Frame frame) {
  ++state.counters.frames;
  state.position = frame.position + frame.samples;
  give(frame);
}

void Stream::give(const Frame& frame) {
  for (const auto& sink : sinks_) sink->on_frame(frame);
}

void Stream::end_batch() {
  if (ended_) return;
  for (const auto& sink : sinks_) sink->on_batch_end();
}

bool Stream::end(EndCause cause) {
  if (std::exchange(ended_, true)) return false;
  for (const auto& sink : sinks_) sink->on_end(cause);
  return true;
}

std::int64_t Stream::duration_ms() const {
  return format_.ms(std::ranges::max(tracks_, {}, &TrackState::position).position);
}

}  // namespace trunkline::media
