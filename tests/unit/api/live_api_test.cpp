#include "unit/api/api_fixture.hpp"

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include <optional>

using namespace trunkline;
using api::test::ApiFixture;
using api::test::FakeStream;

namespace {

/// Notes how it was closed.
class FakeSocket final : public net::WebSocket {
 public:
  bool send_text(std::string_view /*message*/) override { return true; }
  bool send_binary(std::span<const std::uint8_t> /*message*/) override { return true; }
  void flush() override {}
  void ping() override {}
  void close(net::CloseCode code, std::string_view /*reason*/) override { closed = code; }
  void abort() override {}
  void pause_reading() override {}
  void resume_reading() override {}
  std::size_t unsent_bytes() const override { return 0; }
  boost::asio::io_context& context() override { return loop; }

  boost::asio::io_context loop;
  std::optional<net::CloseCode> closed;
};

/// Somebody who may listen to the one call that runs.
struct Listening : ApiFixture {
  std::shared_ptr<net::WebSocketHandler> listen() {
    auto upgraded = upgrade(request("GET", "/api/v1/calls/" + call_id + "/audio", {{"Authorization", bearer()}}));
    REQUIRE(upgraded.handler != nullptr);
    upgraded.handler->on_open(socket);
    stream_thread.join();
    socket.loop.run();
    return upgraded.handler;
  }

  FakeSocket socket;
  std::string call_id = calls.arrive("CA1").call_id;
  std::shared_ptr<FakeStream> stream = std::make_shared<FakeStream>(true);
  bool added = streams.add(call_id, stream_thread.get_executor(), stream);
};

}  // namespace

TEST_CASE("a listener whose stream was freed meanwhile is told that the call is over") {
  Listening here;
  here.stream.reset();
  const auto handler = here.listen();
  CHECK(here.socket.closed == net::CloseCode::normal);
  handler->on_close({});
}

TEST_CASE("a listener whose stream runs stays") {
  Listening here;
  const auto handler = here.listen();
  CHECK_FALSE(here.socket.closed.has_value());
  handler->on_close({});
}
