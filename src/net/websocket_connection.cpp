#include "net/websocket_connection.hpp"

#include <boost/asio/post.hpp>
#include <openssl/rand.h>

#include <array>
#include <cstring>
#include <utility>

namespace trunkline::net {
namespace {
constexpr std::size_t kept_rest = 4096;
}

WebSocketConnection::WebSocketConnection(WebSocketParts parts)
    : parts_(std::move(parts)), decoder_(parts_.role, parts_.limits.max_message_bytes) {
  if (parts_.role == Role::client) RAND_bytes(reinterpret_cast<unsigned char*>(&mask_state_), sizeof mask_state_);
  mask_state_ |= 1;
}

void WebSocketConnection::opened(std::span<const std::uint8_t> early) {
  parts_.worker.add(*this);
  try {
    parts_.handler->on_open(*this);
  } catch (const std::exception& thrown) {
    return failed(thrown);
  }
  std::vector<std::uint8_t> bytes(early.begin(), early.end());
  received(bytes, std::chrono::steady_clock::now());
}

bool WebSocketConnection::send_text(std::string_view message) {
  return send(Opcode::text, {reinterpret_cast<const std::uint8_t*>(message.data()), message.size()});
}

bool WebSocketConnection::send(Opcode opcode, std::span<const std::uint8_t> payload) {
  if (phase_ != Phase::open || unsent_bytes() + payload.size() > parts_.limits.max_unsent_bytes) return false;
  frame(opcode, payload);
  return true;
}

void WebSocketConnection::frame(Opcode opcode, std::span<const std::uint8_t> payload) {
  if (parts_.role == Role::server) return append_frame(out_, opcode, payload, nullptr);
  // xorshift64*: the mask keeps caches from being fooled (RFC 6455 section 10.3), it is no secret.
  mask_state_ ^= mask_state_ >> 12;
  mask_state_ ^= mask_state_ << 25;
  mask_state_ ^= mask_state_ >> 27;
  std::array<std::uint8_t, 4> mask{};
  std::memcpy(mask.data(), &mask_state_, mask.size());
  append_frame(out_, opcode, payload, mask.data());
}

void WebSocketConnection::flush() {
  if (writing_ || out_.empty() || phase_ == Phase::shut) return;
  writing_ = write(out_);
}

void WebSocketConnection::written(const error_code& error) {
  if (phase_ == Phase::shut) return;
  writing_ = false;
  if (error) return lost(error);
  flush();
  if (phase_ == Phase::gone && !writing_) wind_up();
}

void WebSocketConnection::close(CloseCode code, std::string_view reason) {
  if (phase_ != Phase::open) return;
  phase_ = Phase::closing;
  closing_since_ = std::chrono::steady_clock::now();
  ours_ = {code, std::string(reason), 0};
  frame(Opcode::close, close_payload(code, reason));
  flush();
  resume_reading();  // or the peer's answer would not be heard
}

void WebSocketConnection::abort() {
  asio::post(context(), [self = shared_from_this()] {
    self->out_.clear();
    self->finish({CloseCode::abnormal, "aborted here", 0});
    self->hang_up();
  });
}

void WebSocketConnection::resume_reading() {
  if (std::exchange(paused_, false)) read_on();
}

void WebSocketConnection::on_tick(MonoTime now) {
  const WebSocketLimits& limits = parts_.limits;
  if (over()) {
    if (now - closing_since_ > limits.close_timeout) hang_up();
    return;
  }
  if (phase_ == Phase::closing) {
    if (now - closing_since_ > limits.close_timeout) finish(ours_);
    return;
  }
  if (paused_) last_heard_ = now;  // the silence is ours
  if (parts_.leaving && *parts_.leaving) return close(CloseCode::going_away, "the server is going away");
  if (now - last_heard_ > limits.dead_after) return finish({CloseCode::abnormal, "the peer went silent", 0});
  if (now - last_heard_ > limits.ping_after && now - last_ping_ > limits.ping_after) {
    last_ping_ = now;
    ping();
  }
  try {
    parts_.handler->on_tick(now);
  } catch (const std::exception& thrown) {
    return failed(thrown);
  }
  flush();
}

void WebSocketConnection::received(std::span<std::uint8_t> bytes, MonoTime now) {
  if (over()) return;
  last_heard_ = now;
  try {
    if (rest_.empty()) {
      const std::size_t used = process(bytes);
      rest_.assign(bytes.begin() + static_cast<std::ptrdiff_t>(used), bytes.end());
    } else {
      rest_.insert(rest_.end(), bytes.begin(), bytes.end());
      const std::size_t used = process(rest_);
      rest_.erase(rest_.begin(), rest_.begin() + static_cast<std::ptrdiff_t>(used));
      if (rest_.empty() && rest_.capacity() > kept_rest) rest_ = {};
    }
    end_batch();
  } catch (const std::exception& thrown) {
    failed(thrown);
  }
  flush();
}

// Gives every message that is whole to the handler; returns how much that was.
std::size_t WebSocketConnection::process(std::span<std::uint8_t> bytes) {
  std::size_t used = 0;
  while (!over()) {
    const auto step = decoder_.next(bytes.subspan(used));
    if (step.kind == WebSocketDecoder::Kind::need_more && step.consumed == 0) break;
    used += step.consumed;
    dispatch(step);
  }
  return used;
}

void WebSocketConnection::dispatch(const WebSocketDecoder::Step& step) {
  using Kind = WebSocketDecoder::Kind;
  const bool open = phase_ == Phase::open;
  const std::string_view text(reinterpret_cast<const char*>(step.payload.data()), step.payload.size());
  switch (step.kind) {
    case Kind::text:
      if (!open) break;
      in_batch_ = true;
      parts_.handler->on_text(text);
      break;
    case Kind::binary:
      if (!open) break;
      in_batch_ = true;
      parts_.handler->on_binary(step.payload);
      break;
    case Kind::ping:
      send(Opcode::pong, step.payload);
      break;
    case Kind::close:
      if (open) frame(Opcode::close, close_payload(step.code, {}));
      finish({step.code, std::string(text), 0});
      break;
    case Kind::violation:
      if (open) frame(Opcode::close, close_payload(step.code, step.reason));
      peer_still_sends_ = true;
      finish({step.code, std::string(step.reason), 0});
      break;
    case Kind::pong:
    case Kind::need_more:
      break;
  }
}

void WebSocketConnection::end_batch() {
  if (std::exchange(in_batch_, false)) parts_.handler->on_batch_end();
}

// A handler that throws loses its connection, not the process.
void WebSocketConnection::failed(const std::exception& thrown) {
  if (phase_ == Phase::open) frame(Opcode::close, close_payload(CloseCode::internal_error, {}));
  peer_still_sends_ = true;
  in_batch_ = false;
  finish({CloseCode::internal_error, thrown.what(), 0});
}

void WebSocketConnection::lost(const error_code& error) {
  if (over()) return hang_up();
  finish(phase_ == Phase::closing ? ours_ : CloseInfo{CloseCode::abnormal, error.message(), 0});
}

void WebSocketConnection::finish(const CloseInfo& info) {
  if (over()) return;
  flush();
  phase_ = Phase::gone;
  closing_since_ = std::chrono::steady_clock::now();
  const auto handler = std::exchange(parts_.handler, nullptr);
  try {
    if (std::exchange(in_batch_, false)) handler->on_batch_end();
    handler->on_close(info);
  } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): the connection is over as it is
  }
  if (!writing_) wind_up();
}

// Closing on unread input would reset the connection and take our last frame with it: what a peer still sends after
// a violation is read and dropped until it hangs up or on_tick() loses patience.
void WebSocketConnection::wind_up() {
  if (!peer_still_sends_) return hang_up();
  shutdown_send();
  resume_reading();
}

void WebSocketConnection::hang_up() {
  if (std::exchange(phase_, Phase::shut) == Phase::shut) return;
  shut();
  parts_.leaving.reset();
}

}  // namespace trunkline::net
