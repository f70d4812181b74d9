#include "unit/providers/media_leg_fixture.hpp"
#include "unit/providers/taking_socket.hpp"

#include <trunkline/providers/acs/media_codec.hpp>
#include <trunkline/providers/acs/sessions.hpp>

#include <catch2/catch.hpp>

namespace trunkline::providers::acs {
namespace {

using calls::EventType;
using media::Track;

constexpr std::size_t before_media = 3;  // events: received, ringing, media started
constexpr std::string_view caller = "4:+14155550100";

/// A call's media socket, open, that keeps what it hears.
struct SessionFixture : providers::test::MediaFixture {
  explicit SessionFixture(bool unmixed) : session(make(unmixed)) {
    sinks.sinks = {heard};
    session->on_open(socket);
    std::string metadata;
    carrier::append_metadata(metadata, {"sub-1", {media::Encoding::pcm16, 16'000}, 640});
    text(metadata);
  }
  ~SessionFixture() { session->on_close({net::CloseCode::normal, "", 0}); }

  std::shared_ptr<net::WebSocketHandler> make(bool unmixed) {
    auto call = calls::test::run(calls.service->find(admitted.call_id)).value();
    call.from = "+14155550100";
    return make_media_session(services, worker, call, {admitted.token, unmixed, milliseconds{0}});
  }
  void text(std::string_view message) {
    session->on_text(message);
    session->on_batch_end();
  }
  /// 20 ms of one value, `second` of the call's minute.
  void say(std::optional<std::string_view> who, std::string_view second, std::uint8_t value) {
    const std::string time = "2026-11-20T12:01:" + std::string(second) + "Z";
    std::string message;
    carrier::append_audio_data(message, {time, who}, false, std::vector<std::uint8_t>(640, value));
    text(message);
  }
  std::vector<media::KeepingSink::Kept> audio() const {
    auto frames = heard->kept;
    std::erase_if(frames, [](const auto& one) { return one.kind != media::FrameKind::audio; });
    return frames;
  }

  std::shared_ptr<media::KeepingSink> heard = std::make_shared<media::KeepingSink>();
  providers::test::TakingSocket socket{worker.context()};
  std::shared_ptr<net::WebSocketHandler> session;
};

}  // namespace

TEST_CASE("acs: each participant of an unmixed stream has a track, the caller's is inbound, on one timeline") {
  SessionFixture fixture(true);
  fixture.say("4:+14155550177", "01.000", 1);  // before the token is checked
  fixture.attach();
  fixture.say(caller, "01.015", 2);
  fixture.say("8:acs:someone", "02.000", 3);
  fixture.say(caller, "01.035", 4);
  fixture.text(
      R"({"kind":"DtmfData","dtmfData":{"data":"5","timestamp":"2026-11-20T12:01:02Z","participantRawID":"8:acs:someone"}})");

  const auto audio = fixture.audio();
  REQUIRE(audio.size() == 4);
  CHECK(audio[0].track == media::further_track(0));
  CHECK(audio[1].track == Track::inbound);
  CHECK(audio[2].track == media::further_track(1));
  CHECK(audio[3].track == Track::inbound);
  CHECK(audio[0].position == 0);
  CHECK(audio[1].position == 240);
  CHECK(audio[2].position == 16'000);
  CHECK(audio[3].position == 560);
  CHECK(audio[3].data == std::vector<std::uint8_t>(640, 4));

  const auto told = fixture.data_of(EventType::track_started, before_media + 4);
  REQUIRE(told.size() == 3);
  CHECK(told[0]["track"] == "inbound-2");
  CHECK(told[0]["participant"] == "4:+14155550177");
  CHECK(told[0]["address"] == "+14155550177");
  CHECK(told[1]["track"] == "inbound");
  CHECK(told[1]["address"] == "+14155550100");
  CHECK(told[2]["track"] == "inbound-3");
  const auto pressed = fixture.data_of(EventType::dtmf_received, before_media + 4);
  REQUIRE(pressed.size() == 1);
  CHECK(pressed[0]["track"] == "inbound-3");
}

TEST_CASE("acs: a mixed stream is one track, whoever is named") {
  SessionFixture fixture(false);
  fixture.attach();
  fixture.say(std::nullopt, "01.000", 1);
  fixture.say(caller, "01.020", 2);
  fixture.text(R"({"kind":"DtmfData","dtmfData":{"data":"5","participantRawID":"8:acs:someone"}})");
  const auto audio = fixture.audio();
  REQUIRE(audio.size() == 2);
  CHECK(audio[0].track == Track::inbound);
  CHECK(audio[1].track == Track::inbound);
  CHECK(audio[1].position == 320);
  const auto pressed = fixture.data_of(EventType::dtmf_received, before_media + 1);
  REQUIRE(pressed.size() == 1);
  CHECK(pressed[0]["track"] == "inbound");
}

}  // namespace trunkline::providers::acs
