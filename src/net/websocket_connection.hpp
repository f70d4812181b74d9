#pragma once

#include "net/socket.hpp"

#include <trunkline/net/websocket.hpp>
#include <trunkline/net/websocket_codec.hpp>
#include <trunkline/net/worker.hpp>

#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

namespace trunkline::net {

struct WebSocketLimits {
  std::size_t max_message_bytes = 256 * 1024;
  std::size_t max_unsent_bytes = 1024 * 1024;
  milliseconds close_timeout{5'000};  ///< for the peer's half of the closing handshake
  milliseconds ping_after{30'000};    ///< of silence
  milliseconds dead_after{75'000};
};

/// The thin loop between a socket and the framing machine, for both roles and both transports. One read may bring many
/// frames and is answered with one write; a plain socket is written to at once, without a round through the loop.
/// Lives as long as an operation of it is pending.
template <class Socket>
class WebSocketConnection final : public WebSocket,
                                  public Ticking,
                                  public std::enable_shared_from_this<WebSocketConnection<Socket>> {
 public:
  /// `leaving` is held as long as the socket is open and turns true when the whole server goes; a client has none.
  WebSocketConnection(Worker& worker, Socket socket, Role role, WebSocketLimits limits,
                      std::shared_ptr<WebSocketHandler> handler, std::shared_ptr<const std::atomic<bool>> leaving)
      : worker_(worker),
        socket_(std::move(socket)),
        role_(role),
        limits_(limits),
        decoder_(role, limits.max_message_bytes),
        handler_(std::move(handler)),
        leaving_(std::move(leaving)),
        in_(initial_buffer) {
    if (role_ == Role::client) RAND_bytes(reinterpret_cast<unsigned char*>(&mask_state_), sizeof mask_state_);
    mask_state_ |= 1;
  }

  /// `early` is what the peer sent right behind its handshake.
  void start(std::span<const std::uint8_t> early) {
    worker_.add(*this);
    last_heard_ = std::chrono::steady_clock::now();
    error_code ignored;
    lowest(socket_).set_option(tcp::no_delay(true), ignored);
    lowest(socket_).non_blocking(true, ignored);
    if (early.size() > in_.size()) in_.resize(early.size());
    std::copy(early.begin(), early.end(), in_.begin());
    end_ = early.size();
    const auto keep = handler_;
    keep->on_open(*this);
    process();
  }

  bool send_text(std::string_view message) override {
    return send(Opcode::text, {reinterpret_cast<const std::uint8_t*>(message.data()), message.size()});
  }
  bool send_binary(std::span<const std::uint8_t> message) override { return send(Opcode::binary, message); }
  void ping() override { send(Opcode::ping, {}); }
  std::size_t unsent_bytes() const override { return out_.size() + sending_.size(); }
  asio::io_context& context() override { return worker_.context(); }

  void close(CloseCode code, std::string_view reason) override {
    if (phase_ != Phase::open) return;
    phase_ = Phase::closing;
    closing_since_ = std::chrono::steady_clock::now();
    ours_ = {code, std::string(reason), 0};
    frame(Opcode::close, close_payload(code, reason));
    flush();
    resume_reading();  // or the peer's answer would not be heard
  }

  void abort() override {
    asio::post(worker_.context(), [this, self = this->shared_from_this()] {
      out_.clear();
      finish({CloseCode::abnormal, "aborted here", 0});
      hang_up();
    });
  }

  void pause_reading() override { paused_ = true; }
  void resume_reading() override {
    paused_ = false;
    if (std::exchange(held_, false)) read();
  }

  void flush() override {
    if (writing_ || out_.empty()) return;
    if constexpr (std::is_same_v<Socket, TcpSocket>) {
      error_code error;
      const std::size_t sent = socket_.write_some(asio::buffer(out_), error);
      if (error && error != asio::error::would_block) return fail_later(error);
      if (sent == out_.size()) {
        out_.clear();
        return;
      }
      out_.erase(out_.begin(), out_.begin() + static_cast<std::ptrdiff_t>(sent));
    }
    sending_.swap(out_);
    writing_ = true;
    asio::async_write(socket_, asio::buffer(sending_),
                      [this, self = this->shared_from_this()](error_code error, std::size_t) {
                        writing_ = false;
                        sending_.clear();
                        if (error) return phase_ == Phase::gone ? hang_up() : finish(lost(error));
                        flush();
                        if (phase_ == Phase::gone && !writing_) wind_up();
                      });
  }

  void on_tick(MonoTime now) override {
    if (phase_ == Phase::gone) {
      if (now - closing_since_ > limits_.close_timeout) hang_up();
      return;
    }
    if (phase_ == Phase::closing) {
      if (now - closing_since_ > limits_.close_timeout) finish(ours_);
      return;
    }
    if (held_) last_heard_ = now;  // the silence is ours
    if (leaving_ && *leaving_) return close(CloseCode::going_away, "the server is going away");
    if (now - last_heard_ > limits_.dead_after) return finish({CloseCode::abnormal, "the peer went silent", 0});
    if (now - last_heard_ > limits_.ping_after && now - last_ping_ > limits_.ping_after) {
      last_ping_ = now;
      ping();
    }
    const auto keep = handler_;
    keep->on_tick(now);
    flush();
  }

 private:
  enum class Phase : std::uint8_t { open, closing, gone };
  static constexpr std::size_t initial_buffer = 4096;
  static constexpr std::size_t kept_buffer = 64 * 1024;

  bool send(Opcode opcode, std::span<const std::uint8_t> payload) {
    if (phase_ != Phase::open || unsent_bytes() + payload.size() > limits_.max_unsent_bytes) return false;
    frame(opcode, payload);
    return true;
  }

  void frame(Opcode opcode, std::span<const std::uint8_t> payload) {
    if (role_ == Role::server) return append_frame(out_, opcode, payload, nullptr);
    // xorshift64*: the mask keeps caches from being fooled (RFC 6455 section 10.3), it is no secret.
    mask_state_ ^= mask_state_ >> 12;
    mask_state_ ^= mask_state_ << 25;
    mask_state_ ^= mask_state_ >> 27;
    std::array<std::uint8_t, 4> mask{};
    std::memcpy(mask.data(), &mask_state_, mask.size());
    append_frame(out_, opcode, payload, mask.data());
  }

  void read() {
    socket_.async_read_some(asio::buffer(in_.data() + end_, in_.size() - end_),
                            [this, self = this->shared_from_this()](error_code error, std::size_t size) {
                              if (phase_ == Phase::gone) return error ? hang_up() : read();
                              if (error) return finish(lost(error));
                              end_ += size;
                              last_heard_ = std::chrono::steady_clock::now();
                              process();
                            });
  }

  // Gives every message that is whole to the handler, then sends what that produced and reads on.
  void process() {
    const auto keep = handler_;
    std::size_t wanted = 0;
    while (phase_ != Phase::gone) {
      const auto step = decoder_.next({in_.data() + begin_, end_ - begin_});
      if (step.kind == WebSocketDecoder::Kind::need_more && step.consumed == 0) {
        wanted = step.wanted;
        break;
      }
      begin_ += step.consumed;
      dispatch(step, *keep);
    }
    if (phase_ == Phase::gone) return;
    end_batch(*keep);
    flush();
    make_room(wanted);
    if (paused_) {
      hold();
    } else {
      read();
    }
  }

  // While reading is paused, an operation that ends only with the connection keeps us alive. It may outlast the pause.
  void hold() {
    held_ = true;
    if (std::exchange(watching_, true)) return;
    lowest(socket_).async_wait(tcp::socket::wait_error, [this, self = this->shared_from_this()](error_code) {
      watching_ = false;
      if (std::exchange(held_, false)) read();  // tells what happened
    });
  }

  void dispatch(const WebSocketDecoder::Step& step, WebSocketHandler& handler) {
    using Kind = WebSocketDecoder::Kind;
    switch (step.kind) {
      case Kind::text:
        if (phase_ == Phase::open) {
          in_batch_ = true;
          handler.on_text({reinterpret_cast<const char*>(step.payload.data()), step.payload.size()});
        }
        break;
      case Kind::binary:
        if (phase_ == Phase::open) {
          in_batch_ = true;
          handler.on_binary(step.payload);
        }
        break;
      case Kind::ping:
        send(Opcode::pong, step.payload);
        break;
      case Kind::close:
        if (phase_ == Phase::open) frame(Opcode::close, close_payload(step.code, {}));
        finish({step.code, {reinterpret_cast<const char*>(step.payload.data()), step.payload.size()}, 0});
        break;
      case Kind::violation:
        if (phase_ == Phase::open) frame(Opcode::close, close_payload(step.code, step.reason));
        peer_still_sends_ = true;
        finish({step.code, std::string(step.reason), 0});
        break;
      case Kind::pong:
      case Kind::need_more:
        break;
    }
  }

  void end_batch(WebSocketHandler& handler) {
    if (std::exchange(in_batch_, false)) handler.on_batch_end();
  }

  // Moves the unfinished frame to the front; `wanted` is what it takes whole.
  void make_room(std::size_t wanted) {
    if (begin_ > 0) {
      std::memmove(in_.data(), in_.data() + begin_, end_ - begin_);
      end_ -= begin_;
      begin_ = 0;
    }
    if (end_ == in_.size()) {  // grows with what came, not with what was announced
      in_.resize(std::min(wanted, 2 * in_.size()));
    } else if (end_ == 0 && in_.size() > kept_buffer) {
      in_.resize(kept_buffer);
      in_.shrink_to_fit();
    }
  }

  CloseInfo lost(const error_code& error) const {
    if (phase_ == Phase::closing) return ours_;
    return {CloseCode::abnormal, error.message(), 0};
  }

  // A write may fail while the handler is in the middle of something: it hears of it when that is done.
  void fail_later(const error_code& error) {
    out_.clear();
    asio::post(worker_.context(), [this, self = this->shared_from_this(), error] { finish(lost(error)); });
  }

  void finish(CloseInfo info) {
    if (phase_ == Phase::gone) return;
    flush();
    phase_ = Phase::gone;
    closing_since_ = std::chrono::steady_clock::now();
    const auto handler = std::move(handler_);
    end_batch(*handler);
    handler->on_close(info);
    if (!writing_) wind_up();
  }

  // Closing on unread input would reset the connection and take our last frame with it: what a peer still sends after
  // a violation is read and dropped until it hangs up or on_tick() loses patience.
  void wind_up() {
    if (!peer_still_sends_) return hang_up();
    error_code ignored;
    lowest(socket_).shutdown(tcp::socket::shutdown_send, ignored);
    begin_ = end_ = 0;
    read();
  }

  void hang_up() {
    error_code ignored;
    lowest(socket_).shutdown(tcp::socket::shutdown_both, ignored);
    lowest(socket_).close(ignored);
    leaving_.reset();
  }

  Worker& worker_;
  Socket socket_;
  Role role_;
  WebSocketLimits limits_;
  WebSocketDecoder decoder_;
  std::shared_ptr<WebSocketHandler> handler_;
  std::shared_ptr<const std::atomic<bool>> leaving_;

  std::vector<std::uint8_t> in_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::vector<std::uint8_t> out_;
  std::vector<std::uint8_t> sending_;
  bool writing_ = false;
  bool paused_ = false;
  bool held_ = false;      // paused, and no read is pending
  bool watching_ = false;  // the operation of hold() is pending
  bool in_batch_ = false;
  bool peer_still_sends_ = false;
  Phase phase_ = Phase::open;
  CloseInfo ours_;
  MonoTime closing_since_;
  MonoTime last_heard_;
  MonoTime last_ping_;
  std::uint64_t mask_state_ = 0;
};

}  // namespace trunkline::net
