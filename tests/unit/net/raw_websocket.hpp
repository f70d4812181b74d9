#pragma once

#include "unit/net/test_server.hpp"
#include "unit/net/wire.hpp"

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace trunkline::test {

/// The request that opens a WebSocket, with the key of RFC 6455 section 1.3.
inline std::string upgrade_request(std::string_view target = "/", std::string_view version = "13") {
  return get(target,
             "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
             "Sec-WebSocket-Version: " +
                 std::string(version) + "\r\n");
}

/// A frame that a server sent, or the end of the connection.
struct RawFrame {
  int opcode = 0;
  std::string payload;
  bool ended = false;

  int close_code() const {
    return payload.size() < 2 ? 0
                              : static_cast<unsigned char>(payload[0]) << 8 | static_cast<unsigned char>(payload[1]);
  }
};

inline RawFrame read_frame(RawClient& client) {
  const auto head = client.read(2);
  if (head.size() < 2) return {0, "", true};
  std::uint64_t size = static_cast<unsigned char>(head[1]);  // a mask bit would make it absurd, and the test fail
  if (size == 126 || size == 127) {
    const auto extended = client.read(size == 126 ? 2 : 8);
    size = 0;
    for (const char c : extended) size = size << 8 | static_cast<unsigned char>(c);
  }
  return {head[0] & 0x0F, client.read(size), false};
}

/// A WebSocket client made of bytes: it sends what the test composes and reads frames by the book.
class RawWebSocket {
 public:
  /// `behind` is sent in one go with the upgrade request.
  explicit RawWebSocket(RawClient client, const Bytes& behind = {}) : client_(std::move(client)) {
    client_.send(upgrade_request() + text(behind));
    const auto answer = client_.read_until("\r\n\r\n");
    if (!answer.starts_with("HTTP/1.1 101 ") ||
        answer.find("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n") == std::string::npos) {
      throw std::runtime_error("no WebSocket: " + answer);
    }
  }

  bool send(const Bytes& raw) { return client_.send(text(raw)); }

  RawFrame read() { return read_frame(client_); }

  RawClient& client() { return client_; }

 private:
  RawClient client_;
};

}  // namespace trunkline::test
