// How little work a relay can be on this machine: one thread, plain epoll, one recv() and one send() a frame, no
// limits, no time-outs. Not a model for a product but the line that none will pass. PORT, SINK_PORT, REC_DIR are its
// settings.
#include "../streamload/wire.hpp"
#include "fast_path.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace {

using baseline::Event;
using streamload::as_text;
using streamload::Opcode;

constexpr std::size_t input_bytes = std::size_t{256} * 1024;
constexpr std::size_t max_payload = 2048;

struct Call;
struct Side {
  Call* call;
  bool is_sink;
  int socket = -1;
};
struct Call {
  Side carrier{this, false};
  Side sink{this, true};
  bool upgraded = false;
  bool sink_asked = false;
  bool sink_upgraded = false;
  bool over = false;
  std::vector<std::uint8_t> unread;
  std::string waiting;  // for the sink's handshake
  std::optional<baseline::Recording> recording;
};

sockaddr_in loopback(unsigned short port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

void set_no_delay(int socket) {
  const int on = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

class Relay {
 public:
  void run() {
    listen();
    std::array<epoll_event, 256> events{};
    for (;;) {
      const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
      for (int i = 0; i < count; ++i) handle(events[static_cast<std::size_t>(i)]);
      ended_.clear();
    }
  }

 private:
  void listen() {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int on = 1;
    setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    const sockaddr_in address = loopback(baseline::port_setting("PORT"));
    if (::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(listener_, 4096) != 0) {
      std::perror("listen");
      std::exit(1);
    }
    epoll_event event{};
    event.events = EPOLLIN;
    epoll_ctl(epoll_, EPOLL_CTL_ADD, listener_, &event);
  }

  void handle(const epoll_event& event) {
    auto* side = static_cast<Side*>(event.data.ptr);
    if (side == nullptr) {
      accept_all();
    } else if (!side->call->over) {
      side->is_sink ? on_sink(*side->call) : on_carrier(*side->call);
    }
  }

  void accept_all() {
    int socket = -1;
    while ((socket = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
      set_no_delay(socket);
      auto* call = new Call;
      call->carrier.socket = socket;
      watch(call->carrier, EPOLLIN, EPOLL_CTL_ADD);
    }
  }

  void watch(Side& side, std::uint32_t events, int deed) const {
    epoll_event event{};
    event.events = events;
    event.data.ptr = &side;
    epoll_ctl(epoll_, deed, side.socket, &event);
  }

  void end(Call& call) {
    if (call.over) return;
    call.over = true;
    ::close(call.carrier.socket);
    if (call.sink.socket >= 0) ::close(call.sink.socket);
    ended_.emplace_back(&call);
  }

  void on_carrier(Call& call) {
    std::ranges::copy(call.unread, input_.begin());
    const std::size_t before = call.unread.size();
    const ssize_t size = ::recv(call.carrier.socket, input_.data() + before, input_.size() - before, 0);
    if (size <= 0) return end(call);
    auto bytes = std::span(input_).first(before + static_cast<std::size_t>(size));
    if (!call.upgraded) bytes = bytes.subspan(upgrade(call, as_text(bytes)));
    std::size_t used = 0;
    if (call.upgraded) {
      used = streamload::FrameReader::read(bytes, [&](Opcode opcode, std::span<std::uint8_t> payload) {
        on_frame(call, opcode, payload);
        return !call.over;
      });
    }
    if (!call.over) call.unread.assign(bytes.begin() + static_cast<std::ptrdiff_t>(used), bytes.end());
  }

  static std::size_t upgrade(Call& call, std::string_view text) {
    const std::size_t end = text.find("\r\n\r\n");
    if (end == text.npos) return 0;
    const std::string answer =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: " +
        streamload::accept_key(streamload::header_of(text.substr(0, end + 2), "Sec-WebSocket-Key")) + "\r\n\r\n";
    ::send(call.carrier.socket, answer.data(), answer.size(), MSG_NOSIGNAL);
    call.upgraded = true;
    return end + 4;
  }

  void on_frame(Call& call, Opcode opcode, std::span<const std::uint8_t> payload) {
    if (opcode == Opcode::close) {
      const std::string answer = streamload::make_frame(
          Opcode::close, as_text(payload.first(std::min<std::size_t>(payload.size(), 2))), false);
      ::send(call.carrier.socket, answer.data(), answer.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      return end(call);
    }
    const auto message = baseline::scan(as_text(payload));
    if (message.event == Event::start && call.sink.socket < 0) start(call, message.encoding);
    if (message.event == Event::media && call.sink.socket >= 0) forward(call, message.payload);
  }

  void start(Call& call, baseline::Encoding encoding) {
    call.recording.emplace(folder_ + "/ceiling-" + std::to_string(++calls_) + ".wav", encoding);
    call.sink.socket = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    set_no_delay(call.sink.socket);
    const sockaddr_in address = loopback(sink_port_);
    ::connect(call.sink.socket, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    watch(call.sink, EPOLLOUT, EPOLL_CTL_ADD);
  }

  void forward(Call& call, std::string_view base64) {
    if (base64.size() > max_payload) return;
    std::array<std::uint8_t, streamload::max_header + max_payload + 8> frame;
    std::uint8_t* audio = frame.data() + streamload::max_header;
    const std::size_t size = baseline::decode_base64(base64, audio);
    call.recording->add({audio, size});
    const std::size_t header = streamload::header_size(size, true);
    streamload::put_header(audio - header, Opcode::binary, size, true, 0);  // a mask of zeros changes nothing
    const std::string_view bytes = as_text({audio - header, header + size});
    if (!call.sink_upgraded) {
      call.waiting += bytes;
    } else if (::send(call.sink.socket, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT) < 0 &&
               errno != EAGAIN) {
      end(call);
    }
  }

  void on_sink(Call& call) {
    if (!call.sink_asked) {
      constexpr std::string_view request =
          "GET /sink HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
          "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
      ::send(call.sink.socket, request.data(), request.size(), MSG_NOSIGNAL);
      call.sink_asked = true;
      return watch(call.sink, EPOLLIN, EPOLL_CTL_MOD);
    }
    const ssize_t size = ::recv(call.sink.socket, input_.data(), input_.size(), 0);
    if (size <= 0) return end(call);
    if (call.sink_upgraded) return;
    call.sink_upgraded = true;  // the answer comes in one piece on loopback
    ::send(call.sink.socket, call.waiting.data(), call.waiting.size(), MSG_NOSIGNAL);
    call.waiting = {};
  }

  const int epoll_ = epoll_create1(0);
  int listener_ = -1;
  const unsigned short sink_port_ = baseline::port_setting("SINK_PORT");
  const std::string folder_ = baseline::setting("REC_DIR");
  unsigned calls_ = 0;
  std::vector<std::uint8_t> input_ = std::vector<std::uint8_t>(input_bytes);
  std::vector<std::unique_ptr<Call>> ended_;
};

}  // namespace

int main() {
  std::signal(SIGPIPE, SIG_IGN);
  baseline::allow_many_sockets();
  Relay().run();
}
