#pragma once

#include <trunkline/base/result.hpp>
#include <trunkline/media/frame.hpp>

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// The messages of Twilio Media Streams: JSON texts over a WebSocket. Every append_ function appends one message to
/// `out` and does not allocate once `out` has the room. Ids must satisfy is_stream_id(); names may be any text.
namespace trunkline::providers::twilio {

/// What a stream's `start` message says.
struct StreamStart {
  std::string account_sid;
  std::string call_sid;
  std::string stream_sid;
  std::vector<media::Track> tracks;
  media::Format format;
  std::map<std::string, std::string> parameters;  ///< texts only; at most 99, each of 2048 bytes with its name
};

/// Letters, digits, `_` and `-`, at most 64: what can stand in a message without escaping.
bool is_stream_id(std::string_view id);

// From us to the carrier; only on a bidirectional stream. The carrier refuses a message with any further field.

/// Audio to play after all that was sent before.
void append_media(std::string& out, std::string_view stream_sid, std::span<const std::uint8_t> payload);
/// Comes back once everything before it was played or cleared.
void append_mark(std::string& out, std::string_view stream_sid, std::string_view name);
/// Throws away all that was not played.
void append_clear(std::string& out, std::string_view stream_sid);

/// The carrier's side, as our simulator plays it.
namespace carrier {

/// Where a message stands in its stream: from 1 with `start`, one more with each message.
struct Place {
  std::uint64_t sequence;
  std::string_view stream_sid;
};

void append_connected(std::string& out);
void append_start(std::string& out, std::uint64_t sequence, const StreamStart& start);

struct MediaMessage {
  media::Track track = media::Track::inbound;
  std::uint64_t chunk = 1;  ///< counts per track
  std::int64_t timestamp_ms = 0;
  std::span<const std::uint8_t> payload;
};
void append_media(std::string& out, Place place, const MediaMessage& message);
void append_dtmf(std::string& out, Place place, char digit);
void append_mark(std::string& out, Place place, std::string_view name);
void append_stop(std::string& out, std::uint64_t sequence, const StreamStart& start);

struct Media {
  std::vector<std::uint8_t> payload;
};
struct Mark {
  std::string name;
};
struct Clear {};
using Message = std::variant<Media, Mark, Clear>;

/// Reads a message of ours as strictly as the carrier does. Error `bad_message` (the carrier's warning 31951).
Result<Message> parse_message(std::string_view text, std::string_view stream_sid);

}  // namespace carrier
}  // namespace trunkline::providers::twilio
