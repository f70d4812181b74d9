#include "unit/net/certificates.hpp"
#include "unit/net/fetching.hpp"
#include "unit/net/test_server.hpp"

#include <catch2/catch.hpp>

using namespace trunkline;
using namespace trunkline::net;
using namespace trunkline::test;

namespace {

config::Server with_tls(const std::string& certificate) {
  auto settings = loopback();
  settings.tls_certificate = Certificates::made().certificate(certificate);
  settings.tls_key = Certificates::made().key(certificate);
  return settings;
}

Result<ClientResponse> fetch_from(const TestServer& server, std::string method = "GET", std::string body = "") {
  ClientRequest request;
  request.method = std::move(method);
  request.url = server.url("https", "/secret");
  request.body = std::move(body);
  return fetch_now(request);
}

// Opens a WebSocket on the server's own workers.
std::shared_ptr<SpokenHandler> open_from(TestServer& server) {
  auto handler = std::make_shared<SpokenHandler>();
  handler->told = 300'000;
  Worker& worker = server.workers().at(0);
  boost::asio::post(worker.context(), [&worker, handler, url = server.url("wss", "/")] {
    WebSocketRequest request;
    request.url = url;
    open_websocket(worker, request, handler);
  });
  return handler;
}

bool say(SpokenHandler& handler, const std::string& message) {
  return handler.on_worker([&](WebSocket& socket) {
    const bool sent = socket.send_text(message);
    socket.flush();
    return sent;
  });
}

void put(const std::filesystem::path& from, const std::filesystem::path& to) {
  std::filesystem::copy_file(from, to, std::filesystem::copy_options::overwrite_existing);
}

}  // namespace

TEST_CASE("requests and large bodies go over TLS both ways") {
  if (!Certificates::made().usable()) return;
  TestServer server(with_tls("good"));
  server.start();
  const std::string body(700'000, 't');
  const auto response = fetch_from(server, "POST", body);
  REQUIRE(response.has_value());
  CHECK((response->body == "POST /secret||" + body));
  CHECK(eventually([&] { return server.counters().connections == 0; }));
}

TEST_CASE("WebSockets go over TLS, with many messages at once and the closing handshake") {
  if (!Certificates::made().usable()) return;
  TestServer server(with_tls("good"));
  const auto client = open_from(server.start());
  REQUIRE(client->events.next() == "open");
  const std::string large(250'000, 'w');
  CHECK(say(*client, large));
  CHECK((client->events.next() == "text:" + large));
  client->on_worker([](WebSocket& socket) {
    for (int i = 0; i < 200; ++i) socket.send_text(std::to_string(i));
    socket.flush();
  });
  for (int i = 0; i < 200; ++i) CHECK(client->events.next() == "text:" + std::to_string(i));
  client->on_worker([](WebSocket& socket) { socket.close(CloseCode::normal, ""); });
  CHECK(client->events.next() == "close:1000:0:");
  CHECK(eventually([&] { return server.counters().connections == 0; }));
}

TEST_CASE("closing all says 1001 over TLS too") {
  if (!Certificates::made().usable()) return;
  TestServer server(with_tls("good"));
  const auto client = open_from(server.start());
  REQUIRE(client->events.next() == "open");
  server.server().close_all();
  CHECK(client->events.next() == "close:1001:0:the server is going away");
}

TEST_CASE("a certificate that nobody vouches for, or made out to another name, is refused") {
  if (!Certificates::made().usable()) return;
  const std::string certificate = GENERATE(as<std::string>{}, "stranger", "elsewhere");
  TestServer server(with_tls(certificate));
  server.start();
  CHECK(error_code_of(fetch_from(server)) == "tls_failed");
  CHECK(open_from(server)->events.next().starts_with("close:1006:0:no secure connection"));
}

TEST_CASE("a plain server is no TLS server") {
  if (!Certificates::made().usable()) return;
  TestServer server;
  server.start();
  CHECK(error_code_of(fetch_from(server)) == "tls_failed");
}

TEST_CASE("a new certificate is used for new connections, a broken one is not, open ones go on") {
  if (!Certificates::made().usable()) return;
  const auto& made = Certificates::made();
  auto settings = loopback();
  settings.tls_certificate = made.folder() / "current.crt";
  settings.tls_key = made.folder() / "current.key";
  put(made.certificate("good"), settings.tls_certificate);
  put(made.key("good"), settings.tls_key);
  TestServer server(settings);
  const auto client = open_from(server.start());
  REQUIRE(client->events.next() == "open");

  std::ofstream(settings.tls_certificate) << "garbage";
  const auto broken = server.server().reload_tls();
  REQUIRE(broken.has_error());
  CHECK(broken.error().code == "tls_failed");
  CHECK(fetch_from(server).has_value());

  put(made.certificate("stranger"), settings.tls_certificate);
  CHECK(server.server().reload_tls().error().message.find("TLS_KEY_FILE") != std::string::npos);
  put(made.key("stranger"), settings.tls_key);
  CHECK(server.server().reload_tls().has_value());
  CHECK(error_code_of(fetch_from(server)) == "tls_failed");

  CHECK(say(*client, "still here"));
  CHECK(client->events.next() == "text:still here");
}

TEST_CASE("a certificate that is missing keeps the server from starting") {
  if (!Certificates::made().usable()) return;
  auto settings = with_tls("good");
  settings.tls_certificate = "/nowhere/server.crt";
  TestServer server(settings);
  const auto refused = server.server().listen();
  REQUIRE(refused.has_error());
  CHECK(refused.error().code == "tls_failed");
  CHECK(refused.error().message.find("TLS_CERT_FILE /nowhere/server.crt") != std::string::npos);
}

TEST_CASE("who does not shake hands with a TLS server is cut off") {
  if (!Certificates::made().usable()) return;
  auto settings = with_tls("good");
  settings.header_timeout = milliseconds{100};
  TestServer server(settings);
  server.start();
  CHECK(server.connect().read_to_end().empty());
  CHECK(server.counters().timed_out == 1);
  auto plain = server.connect();
  plain.send(get("/"));
  CHECK(plain.read_to_end().find("HTTP/1.1") == std::string::npos);
  CHECK(eventually([&] { return server.counters().connections == 0; }));
}
