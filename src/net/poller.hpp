#pragma once

#include <trunkline/base/clock.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include <sys/epoll.h>

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace trunkline::net {

namespace asio = boost::asio;

/// What epoll(7) says of a socket.
struct Readiness {
  bool readable = false;
  bool writable = false;
  bool ended = false;   ///< the peer has sent its last: there may be something to read before the end
  bool broken = false;  ///< nothing can be sent any more either
};

/// Readiness of plain sockets on one worker, as one more descriptor of the worker's loop: the media path goes through
/// here. Asio reads a socket twice for every message, the second time in vain, and keeps an operation and a buffer for
/// each; here a message is one read, and all sockets read into one buffer, which stays in the cache.
///
/// Edge-triggered: a client hears of what is new, so it reads until it got less than it asked for. One thread, the
/// worker's.
class Poller {
 public:
  class Client {
   public:
    virtual ~Client() = default;
    virtual void on_ready(Readiness ready, MonoTime now) = 0;
  };

  explicit Poller(asio::io_context& loop);

  /// Keeps `client` alive until remove(). `socket` does not block and is not known to Asio. False: the kernel refused.
  bool add(int socket, std::shared_ptr<Client> client);
  /// Before the socket is closed. The client is let go of later, so it may call this itself.
  void remove(int socket);

  /// Where every socket reads into; what it holds is lost with the next read of any.
  std::span<std::uint8_t> buffer() { return buffer_; }

 private:
  void wait();
  void run();

  asio::io_context& loop_;
  asio::posix::basic_stream_descriptor<asio::io_context::executor_type> epoll_;
  std::array<epoll_event, 256> events_{};
  std::vector<std::shared_ptr<Client>> clients_;  // by descriptor
  std::vector<std::uint8_t> buffer_;
};

}  // namespace trunkline::net
