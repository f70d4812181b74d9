#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace streamload {

std::string_view as_text(std::span<const std::uint8_t> bytes);
std::string base64(std::span<const std::uint8_t> bytes);
std::string hmac_sha1(std::string_view key, std::string_view message);  ///< as base64

/// Sec-WebSocket-Accept of a key (RFC 6455 section 4.2.2).
std::string accept_key(std::string_view key);

/// The value of a header in an HTTP head, or nothing.
std::string_view header_of(std::string_view head, std::string_view name);

/// An HTTP message that is there as a whole; its length is in Content-Length.
struct HttpMessage {
  std::string_view head;
  std::string_view body;
  std::size_t size;
};
/// At the beginning of `text`.
std::optional<HttpMessage> whole_message(std::string_view text);

enum class Opcode : std::uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

inline constexpr std::size_t max_header = 14;
std::size_t header_size(std::size_t payload, bool masked);
/// Writes a frame's header, returns its end.
std::uint8_t* put_header(std::uint8_t* at, Opcode opcode, std::size_t payload, bool masked, std::uint32_t mask);
void apply_mask(std::span<std::uint8_t> payload, std::uint32_t mask);
std::string make_frame(Opcode opcode, std::string_view payload, bool masked);

/// Reads frames where they lie; payloads are unmasked in place. Fragmented messages, which no peer here has a reason to
/// send, are a protocol error.
struct FrameReader {
  /// Returns false to stop.
  using OnFrame = std::function<bool(Opcode, std::span<std::uint8_t>)>;

  static constexpr std::size_t failed = static_cast<std::size_t>(-1);
  /// How many bytes were whole frames, or `failed`.
  static std::size_t read(std::span<std::uint8_t> input, const OnFrame& on_frame);
};

}  // namespace streamload
