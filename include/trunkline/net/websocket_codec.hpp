#pragma once

#include <trunkline/net/websocket.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace trunkline::net {

/// RFC 6455 section 5.2.
enum class Opcode : std::uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

enum class Role : std::uint8_t { server, client };

/// The framing of WebSocket as a pure machine: bytes in, messages out. It unmasks in place and hands out views into
/// the caller's buffer, so a message that came in one frame is never copied.
class WebSocketDecoder {
 public:
  enum class Kind : std::uint8_t { need_more, text, binary, ping, pong, close, violation };

  struct Step {
    Kind kind = Kind::need_more;
    std::size_t consumed = 0;  ///< bytes to drop from the front of the input once `payload` was used
    std::size_t wanted = 0;    ///< need_more: what the whole frame takes, 0 when its header is still incomplete
    std::span<std::uint8_t> payload;
    CloseCode code = CloseCode::normal;  ///< close: the peer's code; violation: the one to answer with
    std::string_view reason;             ///< violation: what was wrong
  };

  WebSocketDecoder(Role role, std::size_t max_message_bytes) : role_(role), max_message_(max_message_bytes) {}

  /// Takes at most one frame from the front of `input`. The payload is valid until the next call.
  Step next(std::span<std::uint8_t> input);

 private:
  struct FrameHeader {
    bool fin = false;
    Opcode opcode = Opcode::continuation;
    std::size_t size = 0;  // of the header
    std::uint64_t length = 0;
    std::uint8_t mask[4] = {};
  };

  Step control(const FrameHeader& header, std::span<std::uint8_t> payload, std::size_t consumed) const;
  Step data(const FrameHeader& header, std::span<std::uint8_t> payload, std::size_t consumed);
  Step message(Opcode opcode, std::span<std::uint8_t> payload, std::size_t consumed) const;

  Role role_;
  std::size_t max_message_;
  bool in_message_ = false;
  Opcode message_opcode_ = Opcode::text;
  std::vector<std::uint8_t> fragments_;
  std::vector<std::uint8_t> assembled_;  // the last message that came in fragments
};

/// Appends one unfragmented frame. A client masks with `mask`; a server passes nullptr.
void append_frame(std::vector<std::uint8_t>& out, Opcode opcode, std::span<const std::uint8_t> payload,
                  const std::uint8_t* mask);
/// A close frame's payload: code and reason, cut to what a control frame may hold.
std::vector<std::uint8_t> close_payload(CloseCode code, std::string_view reason);

/// RFC 6455 section 4.2.2: the answer to `Sec-WebSocket-Key`.
std::string accept_key(std::string_view key);

}  // namespace trunkline::net
