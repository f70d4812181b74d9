#pragma once

#include <trunkline/media/frame.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace trunkline::providers::twilio {

/// Some thirty years. A larger timestamp is nonsense and would overflow when counted in samples.
inline constexpr std::uint64_t max_timestamp_ms = 999'999'999'999;

/// The fields of a media message. `payload` is still base64.
struct MediaFields {
  media::Track track = media::Track::inbound;
  std::uint64_t sequence = 0;  ///< 0 when absent
  std::uint64_t chunk = 0;     ///< 0 when absent
  std::int64_t timestamp_ms = 0;
  std::string_view payload;
};

/// Reads a media message of `stream_sid` in the shape that Twilio sends, keys in any order, without building a tree.
///
/// Nothing for any other message, and for a media message that is unusual in any way (escapes, numbers that are not
/// decimal strings, unknown or repeated keys): those take the JSON parser. It cannot misread, because every string is
/// compared with what it may be; only the payload is not, and base64 has no quote and no backslash.
std::optional<MediaFields> scan_media(std::string_view message, std::string_view stream_sid);

std::optional<media::Track> parse_track(std::string_view name);

}  // namespace trunkline::providers::twilio
