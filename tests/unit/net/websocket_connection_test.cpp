#include "net/websocket_connection.hpp"

#include "unit/net/raw_websocket.hpp"

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/ip/address.hpp>
#include <catch2/catch.hpp>

using namespace trunkline;
using namespace trunkline::net;
using namespace trunkline::test;

namespace {

// The server's side of one open WebSocket with limits of our own, and the raw client at its other end.
class Pair {
 public:
  std::shared_ptr<SpokenHandler> handler = make_echo();

  explicit Pair(WebSocketLimits limits) : workers_(1), limits_(limits) {}

  RawClient open() {
    auto& worker = workers_.at(0);
    asio::basic_socket_acceptor<tcp, asio::io_context::executor_type> acceptor(
        worker.context(), tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    RawClient client(acceptor.local_endpoint().port());
    asio::post(worker.context(), [this, &worker, socket = acceptor.accept()]() mutable {
      start_websocket({worker, Role::server, limits_, handler, nullptr}, std::move(socket), {});
    });
    workers_.start();
    return client;
  }

 private:
  Workers workers_;
  WebSocketLimits limits_;
};

}  // namespace

TEST_CASE("a silent peer is pinged, then given up") {
  WebSocketLimits limits;
  limits.ping_after = milliseconds{1};
  limits.dead_after = milliseconds{800};
  Pair pair(limits);
  auto client = pair.open();
  CHECK(read_frame(client).opcode == 9);
  CHECK(pair.handler->events.next() == "open");
  CHECK(pair.handler->events.next() == "close:1006:0:the peer went silent");
  CHECK(client.read_to_end().empty());
}

TEST_CASE("a peer that answers pings is not silent") {
  WebSocketLimits limits;
  limits.ping_after = milliseconds{1};
  limits.dead_after = milliseconds{800};
  Pair pair(limits);
  auto client = pair.open();
  for (int i = 0; i < 3; ++i) {
    CHECK(read_frame(client).opcode == 9);
    client.send(text(from_client(fin | 10, "")));
  }
  client.send(text(from_client(fin | 1, "still here")));
  CHECK(read_frame(client).payload == "still here");
}

TEST_CASE("a peer that never answers our close is given up") {
  WebSocketLimits limits;
  limits.close_timeout = milliseconds{1};
  Pair pair(limits);
  auto client = pair.open();
  CHECK(pair.handler->events.next() == "open");
  pair.handler->on_worker([](WebSocket& socket) { socket.close(CloseCode::going_away, "we go"); });
  CHECK(read_frame(client).close_code() == 1001);
  CHECK(pair.handler->events.next() == "close:1001:0:we go");
  CHECK(client.read_to_end().empty());
}

TEST_CASE("a peer that goes on talking after its violation is cut off") {
  WebSocketLimits limits;
  limits.close_timeout = milliseconds{1};
  Pair pair(limits);
  auto client = pair.open();
  client.send(text(from_server(fin | 1, "unmasked")));
  CHECK(read_frame(client).close_code() == 1002);
  while (client.send("more and more")) {
  }
  CHECK(pair.handler->events.next() == "open");
  CHECK(pair.handler->events.next() == "close:1002:0:a client must mask");
}

TEST_CASE("a reader that never reads again does not keep its connection beyond the close time-out") {
  WebSocketLimits limits;
  limits.close_timeout = milliseconds{1};
  limits.max_unsent_bytes = 16 * 1024 * 1024;
  const std::size_t big = 16'000'000;
  Pair pair(limits);
  auto client = pair.open();
  CHECK(pair.handler->events.next() == "open");
  CHECK(pair.handler->on_worker([big](WebSocket& socket) {
    const bool sent = socket.send_text(std::string(big, 'x'));
    socket.close(CloseCode::policy_violation, "too slow");
    return sent;
  }));
  CHECK(pair.handler->events.next() == "close:1008:0:too slow");
  CHECK(eventually([&] { return pair.handler.use_count() == 1; }));
}

TEST_CASE("a violation while we are closing is not answered twice") {
  Pair pair{WebSocketLimits{}};
  auto client = pair.open();
  CHECK(pair.handler->events.next() == "open");
  pair.handler->on_worker([](WebSocket& socket) { socket.close(CloseCode::normal, ""); });
  client.send(text(from_server(fin | 1, "unmasked")));
  CHECK(read_frame(client).close_code() == 1000);
  CHECK(read_frame(client).ended);
}
