#include "support/raw_listener.hpp"
#include "unit/net/decode.hpp"
#include "unit/net/test_server.hpp"

#include <trunkline/net/client.hpp>

#include <catch2/catch.hpp>

using namespace trunkline;
using namespace trunkline::net;
using namespace trunkline::test;

namespace {

// A client on a worker of its own.
class Client {
 public:
  std::shared_ptr<SpokenHandler> handler = std::make_shared<SpokenHandler>();

  Client() : workers_(1) { workers_.start(); }

  Events& open(WebSocketRequest request) {
    boost::asio::post(workers_.at(0).context(),
                      [this, request = std::move(request)] { open_websocket(workers_.at(0), request, handler); });
    return handler->events;
  }
  Events& open(std::string url) {
    WebSocketRequest request;
    request.url = std::move(url);
    return open(std::move(request));
  }

 private:
  Workers workers_;
};

std::string address(const RawListener& listener) {
  return "ws://127.0.0.1:" + std::to_string(listener.port()) + "/socket?x=1";
}

// Answers the upgrade request as a server should, with `behind` in the same segment; gives back what was asked.
std::string welcome(RawClient& peer, const Bytes& behind = {}) {
  std::string asked = peer.read_until("\r\n\r\n");
  const auto key = asked.find("Sec-WebSocket-Key: ") + 19;
  peer.send("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
            accept_key(asked.substr(key, 24)) + "\r\n\r\n" + text(behind));
  return asked;
}

}  // namespace

TEST_CASE("client and server of our own understand each other") {
  TestServer server;
  server.start();
  Client client;
  client.handler->told = 300'000;
  auto& events = client.open(server.url("ws", "/"));
  REQUIRE(events.next() == "open");
  for (const std::size_t size : {0UL, 125UL, 126UL, 65'536UL, 250'000UL}) {
    const std::string message(size, 'c');
    CHECK(client.handler->on_worker([&](WebSocket& socket) {
      const bool sent = socket.send_text(message);
      socket.flush();
      return sent;
    }));
    CHECK((events.next() == "text:" + message));
  }
  client.handler->on_worker([](WebSocket& socket) { socket.close(CloseCode::normal, "done"); });
  CHECK(events.next() == "close:1000:0:");
  CHECK(eventually([&] { return server.counters().connections == 0; }));
}

TEST_CASE("the request carries target, version and the caller's headers, the frames are masked with changing masks") {
  RawListener listener;
  Client client;
  WebSocketRequest request;
  request.url = address(listener);
  request.headers = {{"Authorization", "Token abc"}};
  client.open(request);
  auto peer = listener.accept();
  const auto asked = welcome(peer);
  CHECK(asked.starts_with("GET /socket?x=1 HTTP/1.1\r\n"));
  CHECK(asked.find("Sec-WebSocket-Version: 13\r\n") != std::string::npos);
  CHECK(asked.find("Authorization: Token abc\r\n") != std::string::npos);
  CHECK(client.handler->events.next() == "open");
  client.handler->on_worker([](WebSocket& socket) {
    socket.send_text("same");
    socket.send_text("same");
    socket.flush();
  });
  const Bytes first = bytes(peer.read(10));
  const Bytes second = bytes(peer.read(10));
  CHECK(first != second);
  const std::vector<Heard> same{{WebSocketDecoder::Kind::text, "same", CloseCode::normal}};
  CHECK(decode({Role::server, 100}, first, 10) == same);
  CHECK(decode({Role::server, 100}, second, 10) == same);
}

TEST_CASE("what comes right behind the server's answer is heard") {
  RawListener listener;
  Client client;
  auto& events = client.open(address(listener));
  auto peer = listener.accept();
  welcome(peer, from_server(fin | 1, "early") + from_server(fin | 8, "\x03\xE8"));
  for (const char* event : {"open", "text:early", "close:1000:0:"}) CHECK(events.next() == event);
}

TEST_CASE("a server that masks is told off") {
  RawListener listener;
  Client client;
  auto& events = client.open(address(listener));
  auto peer = listener.accept();
  welcome(peer, from_client(fin | 1, "masked"));
  CHECK(events.next() == "open");
  CHECK(events.next() == "close:1002:0:a server must not mask");
}

TEST_CASE("a refused upgrade is told with its status") {
  TestServer server;
  server.service.accept = [](Request&) {
    Response refusal;
    refusal.status = 401;
    return Upgrade{nullptr, refusal};
  };
  server.start();
  Client client;
  auto& events = client.open(server.url("ws", "/"));
  CHECK(events.next().starts_with("close:1006:401:"));
  CHECK(events.empty());
}

TEST_CASE("a handshake that is answered wrongly never opens") {
  RawListener listener;
  Client client;
  auto& events = client.open(address(listener));
  auto peer = listener.accept();
  peer.read_until("\r\n\r\n");
  peer.send("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: nonsense\r\n\r\n");
  CHECK(events.next().starts_with("close:1006:101:"));
}

TEST_CASE("who cannot be reached, says nothing or hangs up is a close without a status") {
  RawListener listener;
  Client client;
  WebSocketRequest request;
  request.url = address(listener);
  SECTION("no URL") {
    request.url = "nonsense";
  }
  SECTION("nobody listens") {
    listener.close();
  }
  SECTION("says nothing") {
    request.timeout = milliseconds{50};
  }
  auto& events = client.open(request);
  CHECK(events.next().starts_with("close:1006:0:"));
  CHECK(events.empty());
}

TEST_CASE("a server that hangs up instead of answering is a close without a status") {
  RawListener listener;
  Client client;
  auto& events = client.open(address(listener));
  listener.accept().close();
  CHECK(events.next().starts_with("close:1006:0:"));
}

TEST_CASE("a client that is dropped while it connects leaves nothing behind") {
  RawListener listener;
  Client client;
  client.open(address(listener));
  auto peer = listener.accept();
  CHECK(peer.read_until("\r\n\r\n").ends_with("\r\n\r\n"));
}
