#pragma once

#include "unit/net/raw_websocket.hpp"

#include <memory>

namespace trunkline::test {

/// A server whose sockets are all handled by one handler: a test opens one socket.
struct OneSocket {
  std::shared_ptr<SpokenHandler> handler = make_echo();
  TestServer server;

  explicit OneSocket(const config::Server& settings = loopback()) : server(settings) {
    server.service.accept = [this](net::Request&) { return net::Upgrade{handler, {}}; };
  }
  RawWebSocket open(const Bytes& behind = {}) {
    server.start();
    return RawWebSocket(server.connect(), behind);
  }
  Events& heard() { return handler->events; }
};

}  // namespace trunkline::test
