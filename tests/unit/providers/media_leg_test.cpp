#include "media_leg_fixture.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

namespace trunkline::providers {
namespace {

using calls::EventType;
using calls::State;
using nlohmann::json;
using test::LegFixture;
using test::SilentCarrier;

constexpr std::size_t before_media = 3;  // events: received, ringing, media started

TEST_CASE("digits that come before the token is checked keep their place in the early audio") {
  LegFixture fixture;
  const auto kept = std::make_shared<media::KeepingSink>();
  fixture.sinks.sinks = {kept};
  fixture.leg->dtmf('1', media::Track::inbound);
  fixture.receive(0);
  fixture.receive(20);
  fixture.leg->dtmf('2', media::Track::inbound);
  fixture.receive(40);
  fixture.attach();
  fixture.leg->dtmf('#', media::Track::inbound);

  const auto digits = fixture.data_of(EventType::dtmf_received, before_media + 3);
  REQUIRE(digits.size() == 3);
  CHECK(digits[0] == json{{"digit", "1"}, {"track", "inbound"}, {"atMs", 0}});
  CHECK(digits[1] == json{{"digit", "2"}, {"track", "inbound"}, {"atMs", 40}});
  CHECK(digits[2] == json{{"digit", "#"}, {"track", "inbound"}, {"atMs", 60}});
  CHECK(kept->kept.size() == 3);
}

TEST_CASE("no more than 64 digits wait for the token check") {
  LegFixture fixture;
  for (int i = 0; i < 70; ++i) fixture.leg->dtmf('5', media::Track::inbound);
  fixture.attach();
  fixture.leg->dtmf('6', media::Track::inbound);

  const auto digits = fixture.data_of(EventType::dtmf_received, before_media + 65);
  REQUIRE(digits.size() == 65);
  CHECK(digits[63]["digit"] == "5");
  CHECK(digits[64]["digit"] == "6");
}

std::ptrdiff_t audio_frames(const media::KeepingSink& sink) {
  return std::count_if(sink.kept.begin(), sink.kept.end(),
                       [](const auto& frame) { return frame.kind == media::FrameKind::audio; });
}

TEST_CASE("five seconds of both tracks wait for the token check") {
  LegFixture fixture;
  const auto kept = std::make_shared<media::KeepingSink>();
  fixture.sinks.sinks = {kept};
  for (int ms = 0; ms < 5'000; ms += 20) {
    for (const auto track : {media::Track::inbound, media::Track::outbound}) fixture.receive(ms, 160, track);
  }
  fixture.attach();
  CHECK(audio_frames(*kept) == 500);
}

TEST_CASE("frames that wait for the token check are limited in number, however small") {
  LegFixture fixture;
  const auto kept = std::make_shared<media::KeepingSink>();
  fixture.sinks.sinks = {kept};
  for (int ms = 0; ms < 400'000; ms += 20) fixture.receive(ms, 1);
  fixture.attach();
  CHECK(audio_frames(*kept) > 500);
  CHECK(audio_frames(*kept) < 4'000);  // of 20'000
}

TEST_CASE("a stream that stops before its token is checked still gives its digits") {
  LegFixture fixture;
  fixture.receive(0);
  fixture.leg->dtmf('9', media::Track::inbound);
  fixture.leg->end(media::EndCause::stop);
  fixture.attach();

  const auto digits = fixture.data_of(EventType::dtmf_received, before_media + 1);
  REQUIRE(digits.size() == 1);
  CHECK(digits[0]["atMs"] == 20);
  CHECK(fixture.carrier.hung_up == std::vector{net::CloseCode::normal});
}

TEST_CASE("of several causes to end before the token is checked the first is told") {
  LegFixture fixture;
  const auto kept = std::make_shared<media::KeepingSink>();
  fixture.sinks.sinks = {kept};
  fixture.receive(0);
  fixture.leg->end(media::EndCause::stop);
  fixture.leg->end(media::EndCause::closed);
  fixture.attach();

  CHECK(kept->ends == std::vector{media::EndCause::stop});
  const auto ended = fixture.data_of(EventType::media_ended, before_media + 2);  // after the summary
  REQUIRE(ended.size() == 1);
  CHECK(ended[0]["cause"] == "stop");
}

TEST_CASE("a stream for which there is no place ends at once, and says so") {
  LegFixture fixture;
  const auto executor = fixture.worker.context().get_executor();
  SECTION("because the node runs as many as it may") {
    for (int i = 0; i < 10; ++i) REQUIRE(fixture.streams.add("call_" + std::to_string(i), executor, {}));
  }
  SECTION("because the call has one") {
    REQUIRE(fixture.streams.add(fixture.admitted.call_id, executor, {}));
  }
  const std::size_t others = fixture.streams.size();
  fixture.attach();

  const auto ended = fixture.data_of(EventType::media_ended, before_media + 2);  // after the summary
  REQUIRE(ended.size() == 1);
  CHECK(ended[0]["cause"] == "no-place");
  CHECK(fixture.carrier.hung_up == std::vector{net::CloseCode::normal});
  CHECK(fixture.streams.size() == others);
}

// Turns the loop until the call has so many events in all.
void turn_until_stored(LegFixture& fixture, std::size_t count) {
  while (fixture.calls.observer.told().size() < count) fixture.worker.context().run_one_for(milliseconds(10));
}

TEST_CASE("a call whose media may return goes on without it, as RECONNECTING") {
  LegFixture fixture(true);
  fixture.attach();
  fixture.calls.clock.advance(milliseconds(20));
  fixture.leg->end(media::EndCause::closed);
  turn_until_stored(fixture, before_media + 3);
  const auto told = fixture.calls.observer.told();
  CHECK(told.back().event.type == EventType::call_reconnecting);
  CHECK(told.back().state == State::reconnecting);
  CHECK(fixture.data_of(EventType::media_ended, before_media + 2).at(0)["callEnds"] == false);
}

TEST_CASE("media that ends with its call is not missed") {
  LegFixture fixture(true);
  fixture.attach();
  const auto end = GENERATE(State::ended, State::failed);
  REQUIRE(fixture.calls.report(fixture.sid, "end", end).has_value());
  fixture.leg->end(media::EndCause::closed);
  turn_until_stored(fixture, before_media + 3);
  while (fixture.worker.run_ready()) {
  }
  CHECK(fixture.data_of(EventType::call_reconnecting, before_media + 3).empty());
}

TEST_CASE("a stream of a call whose media may return takes the place of the one before") {
  LegFixture fixture(true);
  fixture.attach();
  SilentCarrier second_carrier;
  const auto second = std::make_shared<MediaLeg>(fixture.services, fixture.worker, second_carrier);
  REQUIRE(fixture.streams.replace(fixture.admitted.call_id, fixture.worker.context().get_executor(), second));
  turn_until_stored(fixture, before_media + 2);
  CHECK(fixture.data_of(EventType::media_ended, before_media + 2).at(0)["cause"] == "replaced");
  CHECK(fixture.carrier.hung_up == std::vector{net::CloseCode::normal});
  CHECK(fixture.streams.size() == 1);
}

TEST_CASE("digits after the end of the stream are nobody's") {
  LegFixture fixture;
  fixture.attach();
  fixture.leg->end(media::EndCause::stop);
  fixture.leg->dtmf('9', media::Track::inbound);
  fixture.calls.service->append_later(fixture.admitted.call_id, EventType::transcript_trouble, "{}");
  CHECK(fixture.data_of(EventType::transcript_trouble, before_media + 3).size() == 1);  // after the summary and the end
  CHECK(fixture.data_of(EventType::dtmf_received, before_media + 3).empty());
}

}  // namespace
}  // namespace trunkline::providers
