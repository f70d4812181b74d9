#include "sink.hpp"

#include "wire.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace streamload {
/// One forwarded stream.
class Sink::Line final : public Connection {
 public:
  explicit Line(Sink& sink) : sink_(sink), stamps_(sink.frame_bytes_) {}

  std::size_t on_bytes(std::span<std::uint8_t> bytes) override {
    std::size_t used = 0;
    if (!upgraded_) {
      used = upgrade(as_text(bytes));
      if (!upgraded_) return used;
    }
    const std::size_t frames =
        FrameReader::read(bytes.subspan(used), [this](Opcode opcode, std::span<std::uint8_t> payload) {
          on_frame(opcode, payload);
          return is_open();
        });
    if (frames == FrameReader::failed) {
      hang_up();
      return bytes.size();
    }
    return used + frames;
  }

  void on_gone(const std::string& /*why*/) override { count_out(); }

 private:
  std::size_t upgrade(std::string_view text) {
    const std::size_t end = text.find("\r\n\r\n");
    if (end == text.npos) return 0;
    const std::string_view key = header_of(text.substr(0, end + 2), "Sec-WebSocket-Key");
    sink_.loop_.send(*this,
                     "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                     "Sec-WebSocket-Accept: " +
                         accept_key(key) + "\r\n\r\n");
    if (!is_open()) return text.size();
    upgraded_ = true;
    ++sink_.open_;
    return end + 4;
  }

  void on_frame(Opcode opcode, std::span<const std::uint8_t> payload) {
    switch (opcode) {
      case Opcode::binary:
        stamps_.read(payload, [this](const Stamp& stamp) { sink_.on_stamp_(stamp, sink_.loop_.arrived_ns()); });
        break;
      case Opcode::text:
        if (as_text(payload).find("CloseStream") != std::string_view::npos) {
          sink_.loop_.send(*this, make_frame(Opcode::close, std::string_view("\x03\xE8", 2), false));
        }
        break;
      case Opcode::ping:
        sink_.loop_.send(*this, make_frame(Opcode::pong, as_text(payload), false));
        break;
      case Opcode::close:
        sink_.loop_.send(
            *this, make_frame(Opcode::close, as_text(payload.first(std::min<std::size_t>(payload.size(), 2))), false));
        hang_up();
        break;
      default:
        break;
    }
  }

  void hang_up() {
    sink_.loop_.close(*this);
    count_out();
  }
  void count_out() {
    if (std::exchange(upgraded_, false)) --sink_.open_;
  }

  Sink& sink_;
  bool upgraded_ = false;
  StampReader stamps_;
};

Sink::Sink(Loop& loop, int port, std::size_t frame_bytes, OnStamp on_stamp)
    : loop_(loop), frame_bytes_(frame_bytes), on_stamp_(std::move(on_stamp)) {
  loop_.listen(port, *this);
}

std::unique_ptr<Connection> Sink::accepted() {
  return std::make_unique<Line>(*this);
}

}  // namespace streamload
