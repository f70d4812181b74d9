#pragma once

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>

namespace trunkline::net {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;
using boost::system::error_code;

/// Sockets name their executor: what every frame goes through is not type-erased.
using TcpSocket = asio::basic_stream_socket<tcp, asio::io_context::executor_type>;
using TlsSocket = asio::ssl::stream<TcpSocket>;

inline TcpSocket& lowest(TcpSocket& socket) {
  return socket;
}
inline TcpSocket& lowest(TlsSocket& socket) {
  return socket.next_layer();
}

}  // namespace trunkline::net
