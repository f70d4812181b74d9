#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace trunkline::providers::acs {

/// The fields of an audio message. `payload` is still base64.
struct AudioFields {
  std::optional<std::int64_t> timestamp_ms;  ///< since 1970; nothing when there is none that is believable
  std::string_view participant;              ///< raw id; empty when the stream is mixed
  std::string_view payload;
  bool silent = false;
};

/// Reads a message of kind AudioData in the shape that the service sends, members in any order, without building a
/// tree.
///
/// Nothing for any other message, and for an audio message that is unusual in any way (escapes, text beyond ASCII,
/// other spellings, unknown or repeated members): those take the JSON parser. It cannot misread, because every string
/// is compared with what it may be or has no escapes; only the payload is neither, and base64 has no quote and no
/// backslash.
std::optional<AudioFields> scan_audio(std::string_view message);

/// RFC 3339, also without a zone, which then is UTC. Nothing for what is no time, and for times before 1970: a time
/// that was never set is written as the year 1.
std::optional<std::int64_t> read_timestamp(std::string_view text);

}  // namespace trunkline::providers::acs
