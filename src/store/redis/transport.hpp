#pragma once

#include <trunkline/base/clock.hpp>
#include <trunkline/base/result.hpp>
#include <trunkline/store/redis.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace trunkline::store::redis {

/// A socket to one server, plain or TLS. On one loop; close() ends what waits with an error.
class Transport : public std::enable_shared_from_this<Transport> {
 public:
  explicit Transport(asio::io_context& loop) : loop_(loop), socket_(loop) {}

  /// From the name to the finished handshake, by `deadline`. Error `live_unavailable`: the message says why.
  asio::awaitable<Result<>> open(RedisAddress address, const RedisOptions& options, MonoTime deadline);
  /// At least one byte, the number of bytes; errors `live_unavailable`.
  asio::awaitable<Result<std::size_t>> read_some(std::span<char> into);
  /// Writes all of `bytes`, which stay with it until then, then says whether that went well. One at a time.
  void write(std::string bytes, std::function<void(bool good)> done);
  void close();

 private:
  using Socket = asio::basic_stream_socket<asio::ip::tcp, asio::io_context::executor_type>;

  asio::awaitable<Result<>> connect(const RedisAddress& address, MonoTime deadline);
  asio::awaitable<Result<>> secure(const RedisAddress& address, const RedisOptions& options);

  asio::io_context& loop_;
  Socket socket_;
  std::optional<asio::ssl::context> context_;
  std::optional<asio::ssl::stream<Socket&>> tls_;
  std::string writing_;
};

}  // namespace trunkline::store::redis
