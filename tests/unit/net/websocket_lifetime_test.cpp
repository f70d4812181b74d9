#include "unit/net/one_socket.hpp"

#include <catch2/catch.hpp>

#include <stdexcept>
#include <thread>

using namespace trunkline;
using namespace trunkline::net;
using namespace trunkline::test;

TEST_CASE("closing all says 1001 to every WebSocket") {
  OneSocket one;
  auto client = one.open();
  CHECK(one.heard().next() == "open");
  one.server.server().close_all();
  CHECK(client.read().close_code() == 1001);
  client.send(from_client(fin | 8, "\x03\xE9"));
  CHECK(client.read().ended);
  CHECK(one.heard().next() == "close:1001:0:");
  CHECK(eventually([&] { return one.server.counters().connections == 0; }));
}

TEST_CASE("a handler sees time pass, and what it sends then goes out") {
  OneSocket one;
  one.handler->when_ticked = [](WebSocket& socket) { socket.send_text("tick"); };
  auto client = one.open();
  CHECK(client.read().payload == "tick");
  CHECK(client.read().payload == "tick");
}

TEST_CASE("a server that goes while sockets are open and busy leaves nothing behind") {
  OneSocket one;
  auto client = one.open();
  client.send(from_client(fin | 1, "hello"));
  CHECK(client.read().payload == "hello");
  Bytes half = from_client(fin | 2, std::string(1000, 'x'));
  half.resize(500);
  client.send(half);
}

TEST_CASE("an aborted connection ends without a handshake and is told so, not from within") {
  OneSocket one;
  auto client = one.open();
  CHECK(one.heard().next() == "open");
  CHECK(one.handler->on_worker([&](WebSocket& socket) {
    socket.send_text("never flushed");
    socket.abort();
    return one.heard().empty();
  }));
  CHECK(one.heard().next() == "close:1006:0:aborted here");
  CHECK(client.read().ended);
  CHECK(eventually([&] { return one.server.counters().connections == 0; }));
}

TEST_CASE("while reading is paused nothing new is heard, and then everything is") {
  OneSocket one;
  auto client = one.open();
  CHECK(one.heard().next() == "open");
  one.handler->when_text = [](WebSocket& socket, std::string_view) { socket.pause_reading(); };
  client.send(from_client(fin | 1, "first"));
  for (int i = 0; i < 3; ++i) {
    CHECK(one.heard().next().starts_with("text:"));
    client.send(from_client(fin | 1, "more"));
    one.handler->on_worker([](WebSocket&) {});  // a turn of the loop, and another for what came
    one.handler->on_worker([](WebSocket&) {});
    CHECK(one.heard().empty());
    one.handler->on_worker([](WebSocket& socket) { socket.resume_reading(); });
  }
  CHECK(one.heard().next() == "text:more");
}

TEST_CASE("a connection whose reading is paused still closes, breaks and is torn down") {
  OneSocket one;
  one.handler->when_open = [](WebSocket& socket) { socket.pause_reading(); };
  auto client = one.open();
  CHECK(one.heard().next() == "open");
  SECTION("closed by us: the answer is heard") {
    one.handler->on_worker([](WebSocket& socket) { socket.close(CloseCode::normal, ""); });
    CHECK(client.read().close_code() == 1000);
    client.send(from_client(fin | 8, "\x0F\xA0"));
    CHECK(one.heard().next() == "close:4000:0:");
  }
  SECTION("broken by the peer") {
    client.client().reset();
    CHECK(one.heard().next().starts_with("close:1006:0:"));
  }
  SECTION("aborted") {
    one.handler->on_worker([](WebSocket& socket) { socket.abort(); });
    CHECK(one.heard().next() == "close:1006:0:aborted here");
  }
  SECTION("dropped with its worker") {
    CHECK(client.send(from_client(fin | 1, "unheard")));
  }
}

TEST_CASE("a handler that throws loses its own connection only") {
  OneSocket one;
  const auto fail = [] { throw std::runtime_error("the handler broke"); };
  SECTION("at the open") {
    one.handler->when_open = [&](WebSocket&) { fail(); };
  }
  SECTION("at a message") {
    one.handler->when_text = [&](WebSocket&, std::string_view) { fail(); };
  }
  SECTION("at a tick") {
    one.handler->when_ticked = [&](WebSocket&) { fail(); };
  }
  auto client = one.open();
  client.send(from_client(fin | 1, "a message"));
  std::string last;
  while (!last.starts_with("close:")) last = one.heard().next();
  CHECK(last == "close:1011:0:the handler broke");
  auto frame = client.read();
  while (frame.opcode == 1) frame = client.read();
  CHECK(frame.close_code() == 1011);

  one.handler->when_open = nullptr;
  one.handler->when_text = nullptr;
  one.handler->when_ticked = nullptr;
  RawWebSocket another(one.server.connect());
  CHECK(one.heard().next() == "open");
}

TEST_CASE("a peer that sends without a pause does not keep the others from their turn") {
  OneSocket one;
  one.handler->when_binary = nullptr;
  auto flood = one.open();
  CHECK(one.heard().next() == "open");
  std::jthread flooding([&, message = from_client(fin | 2, std::string(60'000, 'x'))](const std::stop_token& enough) {
    while (!enough.stop_requested() && flood.send(message)) {
    }
  });
  RawWebSocket quiet(one.server.connect());
  quiet.send(from_client(fin | 1, "me too"));
  std::string heard;
  while (heard != "text:me too") heard = one.heard().next();
}
