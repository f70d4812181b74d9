#pragma once

#include <trunkline/base/clock.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace boost::asio {
class io_context;  // NOLINT(readability-identifier-naming): Asio's own name
}

namespace trunkline::net {

/// RFC 6455 close codes in use here.
enum class CloseCode : std::uint16_t {
  normal = 1000,
  going_away = 1001,
  protocol_error = 1002,
  unsupported_data = 1003,
  no_status = 1005,  ///< reported only: the peer gave no code
  abnormal = 1006,   ///< reported only: the connection broke
  invalid_payload = 1007,
  policy_violation = 1008,
  too_big = 1009,
  internal_error = 1011,
  try_again_later = 1013,
};

/// How a WebSocket ended, or why it never opened.
struct CloseInfo {
  CloseCode code = CloseCode::abnormal;
  std::string reason;   ///< the peer's text, or ours
  int http_status = 0;  ///< a client whose upgrade was refused: the answer's status
};

/// One side of an open WebSocket. Belongs to its worker thread; every call is made there.
///
/// Messages are framed into one outgoing buffer and leave with the next flush, so that what one wake-up produces is
/// one system call.
class WebSocket {
 public:
  virtual ~WebSocket() = default;

  /// False when the outgoing buffer is at its limit (the peer reads too slowly): the message was not taken.
  virtual bool send_text(std::string_view message) = 0;
  virtual bool send_binary(std::span<const std::uint8_t> message) = 0;
  /// Writes what is buffered now. Called by the connection itself after every wake-up of its own; call it when sending
  /// from elsewhere.
  virtual void flush() = 0;
  virtual void ping() = 0;
  /// Starts the closing handshake; what was sent before still goes out. on_close() follows, also when the peer never
  /// answers.
  virtual void close(CloseCode code, std::string_view reason) = 0;
  /// Breaks the connection without a closing handshake. on_close() follows later, never from within.
  virtual void abort() = 0;
  /// While reading is paused the peer is held up by TCP; messages that one read has brought already still come.
  virtual void pause_reading() = 0;
  virtual void resume_reading() = 0;
  virtual std::size_t unsent_bytes() const = 0;
  /// The loop of the worker that owns the connection: for timers that belong to it.
  virtual boost::asio::io_context& context() = 0;
};

/// What a WebSocket does with what it hears. All calls on the connection's worker thread; views are valid during the
/// call only.
class WebSocketHandler {
 public:
  virtual ~WebSocketHandler() = default;

  /// The socket is open. `socket` stays valid until on_close() returns.
  virtual void on_open(WebSocket& socket) = 0;
  virtual void on_text(std::string_view message) = 0;
  virtual void on_binary(std::span<const std::uint8_t> message) = 0;
  /// All messages that one read brought have been given; comes before on_close() when both came at once.
  virtual void on_batch_end() {}
  /// About twice a second, for time-outs.
  virtual void on_tick(MonoTime /*now*/) {}
  /// Last call, exactly once, also when on_open() never came (a client that could not connect).
  virtual void on_close(const CloseInfo& info) = 0;
};

}  // namespace trunkline::net
