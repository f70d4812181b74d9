#include "unit/observe/captured_log.hpp"
#include "unit/providers/media_leg_fixture.hpp"
#include "unit/providers/taking_socket.hpp"

#include <trunkline/providers/twilio/media_session.hpp>

#include <catch2/catch.hpp>

namespace trunkline::providers::twilio {
namespace {

using calls::EventType;
using Catch::Contains;

constexpr std::size_t before_media = 3;  // events: received, ringing, media started

/// One call's media socket, open.
struct SessionFixture : test::MediaFixture {
  SessionFixture() { session->on_open(socket); }
  ~SessionFixture() { close(); }

  void start() {
    text(R"({"event":"start","sequenceNumber":"1","streamSid":"MZ1","start":{"streamSid":"MZ1","callSid":")" + sid +
         R"(","tracks":["inbound"],"customParameters":{"token":")" + admitted.token + R"("}}})");
  }
  void text(std::string_view message) {
    session->on_text(message);
    session->on_batch_end();
  }
  void close() {
    if (session) session->on_close({net::CloseCode::normal, "", 0});
    session.reset();
  }

  test::TakingSocket socket{worker.context()};
  std::shared_ptr<net::WebSocketHandler> session =
      make_media_session(services, worker, admitted.call_id, milliseconds{0});
};

TEST_CASE_METHOD(SessionFixture, "a protocol error in a running stream closes with its own code") {
  start();
  attach();
  SECTION("a second start") {
    start();
    CHECK(socket.closed == net::CloseCode::protocol_error);
  }
  SECTION("too much that is not JSON") {
    for (int i = 0; i < 10; ++i) text("{");
    CHECK(socket.closed == net::CloseCode::invalid_payload);
  }
  const auto ended = data_of(EventType::media_ended, before_media + 2);  // after the summary
  REQUIRE(ended.size() == 1);
  CHECK(ended[0]["cause"] == "protocol-error");
}

TEST_CASE_METHOD(SessionFixture, "a protocol error while the token is being checked closes with its own code") {
  start();
  start();
  CHECK(socket.closed == net::CloseCode::protocol_error);
  attach();
  const auto ended = data_of(EventType::media_ended, before_media + 2);
  REQUIRE(ended.size() == 1);
  CHECK(ended[0]["cause"] == "protocol-error");
}

TEST_CASE_METHOD(SessionFixture, "a stream that stops closes normally") {
  start();
  attach();
  text(R"({"event":"stop","sequenceNumber":"2","streamSid":"MZ1","stop":{}})");
  CHECK(socket.closed == net::CloseCode::normal);
}

TEST_CASE("messages that had no effect are counted by reason and told when the socket closes") {
  const trunkline::test::CapturedLog log;
  SessionFixture fixture;
  const auto media = [](std::string_view payload) {
    return R"({"event":"media","streamSid":"MZ1","media":{"track":"inbound","timestamp":"20","payload":")" +
           std::string(payload) + R"("}})";
  };
  fixture.text(media("AAAA"));
  fixture.start();
  fixture.attach();
  for (const auto* payload : {"!", "?", "AAAA"}) fixture.text(media(payload));
  fixture.session->on_tick(fixture.calls.clock.mono());
  CHECK_THAT(fixture.metrics.render(),
             Contains(R"(trunkline_media_messages_ignored_total{reason="before-start"} 1)") &&
                 Contains(R"(trunkline_media_messages_ignored_total{reason="bad-payload"} 2)"));

  fixture.text("{");
  fixture.close();
  CHECK_THAT(fixture.metrics.render(),
             Contains(R"(trunkline_media_messages_ignored_total{reason="invalid-json"} 1)") &&
                 Contains(R"(trunkline_media_messages_ignored_total{reason="bad-payload"} 2)"));
  CHECK_THAT(log.last(), Contains("invalid-json 1, before-start 1, bad-payload 2"));
}

}  // namespace
}  // namespace trunkline::providers::twilio
