#include "unit/net/one_socket.hpp"

#include <catch2/catch.hpp>

using namespace trunkline;
using namespace trunkline::net;
using namespace trunkline::test;

TEST_CASE("text and binary are echoed, small and large") {
  OneSocket one;
  auto client = one.open();
  for (const std::size_t size : {0UL, 1UL, 125UL, 126UL, 4096UL, 65'535UL, 65'536UL, 262'144UL}) {
    CAPTURE(size);
    const std::string payload(size, 'z');
    client.send(from_client(fin | 1, payload));
    const auto words = client.read();
    CHECK(words.opcode == 1);
    CHECK((words.payload == payload));
    client.send(from_client(fin | 2, payload));
    const auto raw = client.read();
    CHECK(raw.opcode == 2);
    CHECK((raw.payload == payload));
  }
  CHECK(one.server.counters().websockets == 1);
}

TEST_CASE("fragments with a ping between them are one message, and the ping is answered at once") {
  OneSocket one;
  auto client = one.open();
  client.send(from_client(1, "one ") + from_client(fin | 9, "there?"));
  const auto pong = client.read();
  CHECK(pong.opcode == 10);
  CHECK(pong.payload == "there?");
  client.send(from_client(0, "two ") + from_client(fin | 0, "three"));
  CHECK(client.read().payload == "one two three");
}

TEST_CASE("messages sent right behind the upgrade request are heard after the opening") {
  OneSocket one;
  auto client = one.open(from_client(fin | 1, "early") + from_client(fin | 1, std::string(50'000, 'b')));
  CHECK(client.read().payload == "early");
  CHECK(client.read().payload.size() == 50'000);
  CHECK(one.heard().next() == "open");
  CHECK(one.heard().next() == "text:early");
}

TEST_CASE("half a frame right behind the upgrade request is completed later") {
  OneSocket one;
  const Bytes whole = from_client(fin | 1, "in two halves");
  const auto middle = whole.begin() + 5;
  auto client = one.open({whole.begin(), middle});
  client.send({middle, whole.end()});
  CHECK(client.read().payload == "in two halves");
}

TEST_CASE("many frames in one segment are one batch") {
  OneSocket one;
  one.handler->tells_batches = true;
  auto client = one.open();
  CHECK(one.heard().next() == "open");
  Bytes segment;
  for (int i = 0; i < 50; ++i) segment = segment + from_client(fin | 1, std::to_string(i));
  client.send(segment);
  for (int i = 0; i < 50; ++i) CHECK(one.heard().next() == "text:" + std::to_string(i));
  CHECK(one.heard().next() == "batch");
  client.send(from_client(fin | 9, ""));
  CHECK(client.read().payload == "0");
  client.send(from_client(fin | 1, "next"));
  CHECK(one.heard().next() == "text:next");
  CHECK(one.heard().next() == "batch");
}

TEST_CASE("a batch ends before the close that came with it") {
  OneSocket one;
  one.handler->tells_batches = true;
  auto client = one.open();
  client.send(from_client(fin | 1, "last words") + from_client(fin | 8, "\x03\xE8"));
  for (const char* event : {"open", "text:last words", "batch", "close:1000:0:"}) CHECK(one.heard().next() == event);
}

TEST_CASE("the client closes: code and reason are told, the code is echoed, the connection ends") {
  OneSocket one;
  auto client = one.open();
  client.send(from_client(fin | 8, "\x0F\xA0going home"));
  const auto answer = client.read();
  CHECK(answer.opcode == 8);
  CHECK(answer.close_code() == 4000);
  CHECK(client.read().ended);
  CHECK(one.heard().next() == "open");
  CHECK(one.heard().next() == "close:4000:0:going home");
  CHECK(eventually([&] { return one.server.counters().websockets == 0 && one.server.counters().connections == 0; }));
}

TEST_CASE("a close without a code is answered without one") {
  OneSocket one;
  auto client = one.open();
  client.send(from_client(fin | 8, ""));
  const auto answer = client.read();
  CHECK(answer.opcode == 8);
  CHECK(answer.payload.empty());
  CHECK(one.heard().next() == "open");
  CHECK(one.heard().next() == "close:1005:0:");
}

TEST_CASE("the server closes: what it sent before goes out, what comes after is not heard, the answer ends it") {
  OneSocket one;
  auto client = one.open();
  CHECK(one.heard().next() == "open");
  one.handler->on_worker([](WebSocket& socket) {
    socket.send_text("before");
    socket.close(CloseCode::policy_violation, "enough");
    socket.close(CloseCode::normal, "twice");
    CHECK_FALSE(socket.send_text("after"));
  });
  CHECK(client.read().payload == "before");
  const auto close = client.read();
  CHECK(close.close_code() == 1008);
  CHECK(close.payload.substr(2) == "enough");
  client.send(from_client(fin | 1, "unheard") + from_client(fin | 8, "\x03\xF0"));
  CHECK(client.read().ended);
  CHECK(one.heard().next() == "close:1008:0:");
}

TEST_CASE("a peer that hangs up instead of answering our close is reported with our close") {
  OneSocket one;
  auto client = one.open();
  CHECK(one.heard().next() == "open");
  one.handler->on_worker([](WebSocket& socket) { socket.close(CloseCode::normal, "done"); });
  CHECK(client.read().opcode == 8);
  client.client().close();
  CHECK(one.heard().next() == "close:1000:0:done");
}

TEST_CASE("a handler may close in the middle of what it hears, also at the opening") {
  OneSocket one;
  SECTION("at the opening") {
    one.handler->when_open = [](WebSocket& socket) { socket.close(CloseCode::try_again_later, "full"); };
    auto client = one.open(from_client(fin | 1, "early"));
    CHECK(client.read().close_code() == 1013);
    client.send(from_client(fin | 8, "\x03\xF5"));
    CHECK(one.heard().next() == "open");
    CHECK(one.heard().next() == "close:1013:0:");
  }
  SECTION("at a message") {
    one.handler->when_text = [](WebSocket& socket, std::string_view) { socket.close(CloseCode::normal, "bye"); };
    auto client = one.open();
    client.send(from_client(fin | 1, "first") + from_client(fin | 1, "second"));
    CHECK(client.read().close_code() == 1000);
    client.client().half_close();
    for (const char* event : {"open", "text:first", "close:1000:0:bye"}) CHECK(one.heard().next() == event);
  }
}

TEST_CASE("a peer that vanishes is an abnormal end") {
  OneSocket one;
  auto client = one.open();
  CHECK(one.heard().next() == "open");
  SECTION("orderly") {
    client.client().close();
  }
  SECTION("with a reset") {
    client.client().reset();
  }
  SECTION("half") {
    client.client().half_close();
  }
  SECTION("in the middle of a frame") {
    Bytes half = from_client(fin | 1, "a whole message");
    half.resize(9);
    client.send(half);
    client.client().close();
  }
  CHECK(one.heard().next().starts_with("close:1006:0:"));
  CHECK(eventually([&] { return one.server.counters().websockets == 0 && one.server.counters().connections == 0; }));
}

TEST_CASE("a violation is told to both sides") {
  OneSocket one;
  auto client = one.open();
  client.send(from_server(fin | 1, "unmasked"));
  const auto close = client.read();
  CHECK(close.close_code() == 1002);
  CHECK(close.payload.substr(2) == "a client must mask");
  CHECK(client.read().ended);
  CHECK(one.heard().next() == "open");
  CHECK(one.heard().next() == "close:1002:0:a client must mask");
}

TEST_CASE("a client that is still sending its too large message can read the 1009") {
  const Bytes message = from_client(fin | 2, std::string(8'000'000, 'x'));
  auto settings = loopback();
  settings.max_message_bytes = 10'000;
  OneSocket one(settings);
  auto client = one.open();
  CHECK(client.send(message));
  CHECK(client.read().close_code() == 1009);
  CHECK(client.read().ended);
  CHECK(one.heard().next() == "open");
  CHECK(one.heard().next() == "close:1009:0:the message is too long");
  client.client().close();
  CHECK(eventually([&] { return one.server.counters().connections == 0; }));
}

TEST_CASE("a reader that is too slow is noticed by the sender, and what was taken arrives") {
  OneSocket one;
  auto client = one.open();
  CHECK(one.heard().next() == "open");
  const std::string message(100'000, 'm');
  const int taken = one.handler->on_worker([&](WebSocket& socket) {
    int count = 0;
    while (socket.send_text(message)) {
      socket.flush();
      ++count;
    }
    CHECK_FALSE(socket.send_binary({reinterpret_cast<const std::uint8_t*>(message.data()), message.size()}));
    CHECK(socket.unsent_bytes() <= 1024 * 1024 + 14);
    return count;
  });
  CHECK(taken >= 10);
  for (int i = 0; i < taken; ++i) CHECK((client.read().payload == message));
  CHECK(
      eventually([&] { return one.handler->on_worker([](WebSocket& socket) { return socket.unsent_bytes(); }) == 0; }));
  CHECK(one.handler->on_worker([](WebSocket& socket) {
    const bool sent = socket.send_text("again");
    socket.flush();
    return sent;
  }));
  CHECK(client.read().payload == "again");
}

TEST_CASE("the answer to a close follows what a slow reader has yet to read") {
  OneSocket one;
  auto client = one.open();
  CHECK(one.heard().next() == "open");
  const std::string message(100'000, 'm');
  const int taken = one.handler->on_worker([&](WebSocket& socket) {
    int count = 0;
    for (; socket.send_text(message); ++count) socket.flush();
    return count;
  });
  client.send(from_client(fin | 8, "\x03\xE8"));
  CHECK(one.heard().next() == "close:1000:0:");
  for (int i = 0; i < taken; ++i) CHECK(client.read().payload.size() == message.size());
  CHECK(client.read().close_code() == 1000);
}

TEST_CASE("one connection's handler sends on another and flushes it") {
  TestServer server(loopback(), 1);  // one worker: both connections belong to the same thread
  WebSocket* listener = nullptr;
  auto hearer = std::make_shared<SpokenHandler>();
  hearer->when_open = [&](WebSocket& socket) { listener = &socket; };
  auto speaker = std::make_shared<SpokenHandler>();
  speaker->when_text = [&](WebSocket& socket, std::string_view message) {
    listener->send_text(message);
    listener->flush();
    socket.send_text("passed on");
  };
  int opened = 0;
  server.service.accept = [&](Request&) { return Upgrade{opened++ == 0 ? hearer : speaker, {}}; };
  server.start();
  RawWebSocket hears(server.connect());
  CHECK(hearer->events.next() == "open");
  RawWebSocket speaks(server.connect());
  speaks.send(from_client(fin | 1, "hello"));
  CHECK(speaks.read().payload == "passed on");
  CHECK(hears.read().payload == "hello");
}

TEST_CASE("an upgrade may be refused with any answer") {
  TestServer server;
  server.service.accept = [](Request&) {
    Response refusal;
    refusal.status = 403;
    refusal.body = "not you";
    return Upgrade{nullptr, refusal};
  };
  auto client = server.start().connect();
  const auto response = client.request(upgrade_request());
  CHECK(response.status == 403);
  CHECK(response.body == "not you");
  CHECK(client.read_to_end().empty());
}

TEST_CASE("a WebSocket of another version is answered with 426, one without a key with 400") {
  TestServer server;
  server.start();
  auto old = server.connect();
  const auto response = old.request(upgrade_request("/", "8"));
  CHECK(response.status == 426);
  CHECK(response.has("Sec-WebSocket-Version: 13\r\n"));
  const std::string no_key = "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n";
  CHECK(server.connect().request(get("/", no_key)).status == 400);
}

TEST_CASE("what asks for a WebSocket without saying Connection: Upgrade is an ordinary request") {
  TestServer server;
  auto client = server.start().connect();
  const auto response = client.request(get("/plain", "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"));
  CHECK(response.status == 200);
  CHECK(response.body == "GET /plain||");
}

TEST_CASE("a service that empties the request it is asked about does no harm") {
  TestServer server;
  server.service.accept = [](Request& request) {
    request = Request{};
    return Upgrade{make_echo(), {}};
  };
  RawWebSocket client(server.start().connect());
  client.send(from_client(fin | 1, "hello"));
  CHECK(client.read().payload == "hello");
}
