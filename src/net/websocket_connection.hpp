#pragma once

#include "net/socket.hpp"

#include <trunkline/net/websocket.hpp>
#include <trunkline/net/websocket_codec.hpp>
#include <trunkline/net/worker.hpp>

#include <atomic>
#include <exception>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace trunkline::net {

struct WebSocketLimits {
  std::size_t max_message_bytes = 256 * 1024;
  std::size_t max_unsent_bytes = 1024 * 1024;
  milliseconds close_timeout{5'000};  ///< for the peer's half of the closing handshake
  milliseconds ping_after{30'000};    ///< of silence
  milliseconds dead_after{75'000};
};

/// What one end of a WebSocket is made of, whatever carries its bytes.
struct WebSocketParts {
  Worker& worker;
  Role role = Role::server;
  WebSocketLimits limits;
  std::shared_ptr<WebSocketHandler> handler;
  /// Held as long as the socket is open; turns true when the whole server goes. A client has none.
  std::shared_ptr<const std::atomic<bool>> leaving;
};

/// Opens a WebSocket on a connection whose handshake is done; `early` is what the peer sent right behind its own. Keeps
/// itself alive until it is closed. On the worker's thread.
void start_websocket(WebSocketParts parts, TcpSocket socket, std::span<const std::uint8_t> early);
void start_websocket(WebSocketParts parts, TlsSocket socket, std::span<const std::uint8_t> early);

/// The thin loop between a connection and the framing machine, for both roles. What one read brings, many frames or
/// part of one, goes to the handler as whole messages and is answered with one write.
class WebSocketConnection : public WebSocket, public Ticking, public std::enable_shared_from_this<WebSocketConnection> {
 public:
  bool send_text(std::string_view message) final;
  bool send_binary(std::span<const std::uint8_t> message) final { return send(Opcode::binary, message); }
  void ping() final { send(Opcode::ping, {}); }
  void close(CloseCode code, std::string_view reason) final;
  void abort() final;
  void pause_reading() final { paused_ = true; }
  void resume_reading() final;
  void flush() final;
  std::size_t unsent_bytes() const final { return out_.size() + sending_bytes(); }
  asio::io_context& context() final { return parts_.worker.context(); }

  void on_tick(MonoTime now) final;

 protected:
  explicit WebSocketConnection(WebSocketParts parts);

  // What the connection asks of its carrier.

  /// Sends from the front of `out` and takes that off. True when there is more to do: written() follows, not from
  /// within, and this is not called before.
  virtual bool write(std::vector<std::uint8_t>& out) = 0;
  /// Reading is paused no more. Nothing is handed over from within.
  virtual void read_on() = 0;
  virtual void shutdown_send() = 0;
  virtual void shut() = 0;
  /// Taken off the queue and not yet sent.
  virtual std::size_t sending_bytes() const { return 0; }

  // What the carrier tells.

  void opened(std::span<const std::uint8_t> early);
  /// Bytes that came; they are unmasked in place.
  void received(std::span<std::uint8_t> bytes, MonoTime now);
  void written(const error_code& error);
  void lost(const error_code& error);
  /// True: leave what comes with the kernel until read_on().
  bool paused() const { return paused_; }
  Worker& worker() { return parts_.worker; }

 private:
  enum class Phase : std::uint8_t { open, closing, gone, shut };

  bool over() const { return phase_ == Phase::gone || phase_ == Phase::shut; }
  bool send(Opcode opcode, std::span<const std::uint8_t> payload);
  void frame(Opcode opcode, std::span<const std::uint8_t> payload);
  std::size_t process(std::span<std::uint8_t> bytes);
  void dispatch(const WebSocketDecoder::Step& step);
  void end_batch();
  void failed(const std::exception& thrown);
  void finish(const CloseInfo& info);
  void wind_up();
  void hang_up();

  WebSocketParts parts_;
  WebSocketDecoder decoder_;
  std::vector<std::uint8_t> rest_;  // the front of a frame that is not here whole
  std::vector<std::uint8_t> out_;
  bool writing_ = false;  // written() will come
  bool paused_ = false;
  bool in_batch_ = false;
  bool peer_still_sends_ = false;
  Phase phase_ = Phase::open;
  CloseInfo ours_;
  MonoTime closing_since_;
  MonoTime last_heard_;
  MonoTime last_ping_;
  std::uint64_t mask_state_ = 1;
};

}  // namespace trunkline::net
