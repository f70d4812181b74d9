#pragma once

#include <trunkline/base/result.hpp>
#include <trunkline/media/frame.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// The messages of Azure Communication Services' media streaming: JSON texts over a WebSocket. Every append_ function
/// appends one message to `out`. Audio is signed 16-bit little-endian PCM, mono.
namespace trunkline::providers::acs {

/// What a stream's AudioMetadata says.
struct StreamStart {
  std::string subscription_id;
  media::Format format{media::Encoding::pcm16, 16'000};
  std::size_t frame_bytes = 0;  ///< of the usual frame; 20 ms when the service gave no usable figure
  friend bool operator==(const StreamStart&, const StreamStart&) = default;
};

/// Letters, digits and `_ - . :`, at most 128: what can stand in a message without escaping.
bool is_subscription_id(std::string_view id);

/// The bytes that `ms` of a stream take.
constexpr std::size_t bytes_of(const media::Format& format, std::int64_t ms) {
  return static_cast<std::size_t>(format.samples(ms)) * format.sample_bytes();
}

// From us to the service; only on a bidirectional stream. Does not allocate once `out` has the room.

/// Audio to play after all that was sent before.
void append_audio(std::string& out, std::span<const std::uint8_t> payload);
/// Throws away all that was not played.
void append_stop(std::string& out);

/// The service's side, as our simulator plays it.
namespace carrier {

void append_metadata(std::string& out, const StreamStart& start);

/// Whom and when a message is about. Without a value the member is left out; an empty participant is written `null`.
struct Origin {
  std::optional<std::string_view> timestamp;
  std::optional<std::string_view> participant;
};
void append_audio_data(std::string& out, const Origin& origin, bool silent, std::span<const std::uint8_t> payload);
/// `tone` as the service writes it: `3`, `#`, or a word such as `pound`.
void append_dtmf(std::string& out, const Origin& origin, std::string_view tone);

struct Audio {
  std::vector<std::uint8_t> payload;
};
struct Stop {};
using Message = std::variant<Audio, Stop>;

/// Reads a message of ours as the service does: names and kinds in any case, unknown members ignored. Error
/// `bad_message`.
Result<Message> parse_message(std::string_view text);

}  // namespace carrier
}  // namespace trunkline::providers::acs
