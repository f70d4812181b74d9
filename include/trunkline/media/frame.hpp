#pragma once

#include <trunkline/base/clock.hpp>

#include <cstdint>
#include <iterator>
#include <optional>
#include <span>
#include <string_view>

namespace trunkline::media {

/// How one sample is written. All audio inside Trunkline is mono per track.
enum class Encoding : std::uint8_t {
  mulaw,  ///< ITU-T G.711 mu-law, one byte a sample; silence is 0xFF
  pcm16,  ///< signed 16-bit little-endian, two bytes a sample; silence is 0
};

struct Format {
  Encoding encoding = Encoding::mulaw;
  std::uint32_t sample_rate = 8000;  ///< Hz

  constexpr std::size_t sample_bytes() const { return encoding == Encoding::mulaw ? 1 : 2; }
  constexpr std::int64_t samples(std::int64_t ms) const { return ms * sample_rate / 1000; }
  constexpr std::int64_t ms(std::int64_t samples) const { return samples * 1000 / sample_rate; }
  /// Samples in a stretch of time of any length, rounded down.
  constexpr std::int64_t samples_in(std::chrono::nanoseconds time) const {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
    return seconds.count() * sample_rate + (time - seconds).count() * sample_rate / 1'000'000'000;
  }
  friend bool operator==(const Format&, const Format&) = default;
};

/// Whose voice: `inbound` is the far end (the caller, or everybody there in one), `outbound` is us. When the provider
/// gives each participant of the far end apart, the further ones have the values behind: see further_track().
enum class Track : std::uint8_t { inbound, outbound };
inline constexpr std::string_view track_names[] = {"inbound",   "outbound",  "inbound-2", "inbound-3", "inbound-4",
                                                   "inbound-5", "inbound-6", "inbound-7", "inbound-8"};
inline constexpr std::size_t max_tracks = std::size(track_names);
constexpr std::size_t index(Track track) {
  return static_cast<std::size_t>(track);
}
constexpr std::string_view to_string(Track track) {
  return track_names[index(track)];
}
constexpr std::optional<Track> parse_track(std::string_view text) {
  for (std::size_t i = 0; i < max_tracks; ++i) {
    if (track_names[i] == text) return static_cast<Track>(i);
  }
  return std::nullopt;
}
/// Of the far end's participants but the first: `count` from 0, below `max_tracks` - 2.
constexpr Track further_track(std::size_t count) {
  return static_cast<Track>(count + 2);
}

enum class FrameKind : std::uint8_t {
  audio,    ///< continues the track without a gap
  silence,  ///< the carrier sent nothing for this stretch; `data` is empty
  late,     ///< belongs to a stretch that was already given as silence; a sink that can still place it may
};

/// A stretch of one track. `data` points into the connection's read buffer and is valid during the call only.
struct Frame {
  Track track = Track::inbound;
  FrameKind kind = FrameKind::audio;
  std::int64_t position = 0;  ///< of its first sample, in samples since the start of the stream: the recording's clock
  std::uint32_t samples = 0;
  std::span<const std::uint8_t> data;  ///< `samples` samples in the stream's format
  MonoTime arrived;
};

}  // namespace trunkline::media
