#include "sim/carrier_stream.hpp"

#include "support/fake_socket.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdlib>
#include <set>

namespace trunkline::sim {
namespace {

using nlohmann::json;
namespace twilio = providers::twilio;

/// The carrier's end of a media socket, with the gateway's messages put in by hand.
struct StreamFixture {
  explicit StreamFixture(Fault fault = Fault::none, std::size_t frames = 4) {
    CarrierStream::Options options;
    options.start.call_sid = "CA1";
    options.start.stream_sid = "MZ1";
    options.start.tracks = {media::Track::inbound};
    options.start.parameters = {{"token", "secret"}};
    options.audio.assign(frames * 160, 1000);
    options.fault = fault;
    stream = std::make_shared<CarrierStream>(worker, std::move(options), report, [this] { over = true; });
    stream->on_open(socket);
  }
  ~StreamFixture() {
    if (!over) stream->on_close({});
  }

  std::vector<json> sent(const std::string& event) const {
    std::vector<json> found;
    for (const auto& message : socket.sent) {
      if (message["event"] == event) found.push_back(message);
    }
    return found;
  }
  void hear(void (*append)(std::string&)) {
    std::string message;
    append(message);
    stream->on_text(message);
  }

  net::Worker worker{0};
  test::FakeSocket socket{worker};
  CallReport report;
  bool over = false;
  std::shared_ptr<CarrierStream> stream;
};

void speech(std::string& out) {
  twilio::append_media(out, "MZ1", std::vector<std::uint8_t>(1600, 0x10));
}
void mark(std::string& out) {
  twilio::append_mark(out, "MZ1", "said");
}
void clear(std::string& out) {
  twilio::append_clear(out, "MZ1");
}

TEST_CASE("a stream begins as Twilio's does and keeps its count") {
  StreamFixture fixture(Fault::half_close);
  test::turn_until(fixture.worker, [&] { return fixture.socket.aborted; });
  fixture.stream->on_close({});

  REQUIRE(fixture.socket.sent.size() == 4);
  CHECK(fixture.socket.sent[0]["event"] == "connected");
  CHECK(fixture.socket.sent[1]["start"]["customParameters"]["token"] == "secret");
  const auto frames = fixture.sent("media");
  REQUIRE(frames.size() == 2);  // half of what there was to say
  CHECK(frames[0]["sequenceNumber"] == "2");
  CHECK(frames[0]["media"]["timestamp"] == "67");
  CHECK(frames[1]["sequenceNumber"] == "3");
  CHECK(frames[1]["media"]["chunk"] == "2");
  CHECK(frames[1]["media"]["timestamp"] == "87");
  CHECK(frames[0]["media"]["payload"].get<std::string>().size() == 216);  // 160 bytes in base64
  CHECK(fixture.over);
  CHECK(fixture.report.frames_sent == 2);
  CHECK(fixture.report.media_error.empty());
}

TEST_CASE("under the fault `reorder` frames change places, and one is sent a step all the same") {
  StreamFixture fixture(Fault::reorder, 50);
  std::vector<std::int64_t> places;
  while (fixture.socket.flushes < 50) {
    test::turn_until(fixture.worker, [&] { return fixture.socket.flushes > places.size(); });
    const auto frames = fixture.sent("media");
    REQUIRE(frames.size() == fixture.socket.flushes);
    places.push_back((std::stoll(frames.back()["media"]["timestamp"].get<std::string>()) - 67) / 20);
  }
  CHECK_FALSE(std::ranges::is_sorted(places));
  for (std::size_t i = 0; i < places.size(); ++i) CHECK(std::abs(places[i] - static_cast<std::int64_t>(i)) <= 1);
  CHECK(std::set(places.begin(), places.end()).size() == places.size());
}

TEST_CASE("a mark comes back when what was sent before it has been played") {
  StreamFixture fixture;
  fixture.hear(speech);  // 200 ms
  fixture.hear(mark);
  test::turn_until(fixture.worker, [&] { return fixture.sent("media").size() == 9; });
  CHECK(fixture.sent("mark").empty());
  test::turn_until(fixture.worker, [&] { return fixture.sent("media").size() == 11; });
  REQUIRE(fixture.sent("mark").size() == 1);
  CHECK(fixture.sent("mark").front()["mark"]["name"] == "said");
  CHECK(fixture.report.heard.size() == 1600);
}

TEST_CASE("clear throws away what waits and brings its marks back at once") {
  StreamFixture fixture;
  fixture.hear(speech);
  fixture.hear(mark);
  fixture.hear(clear);
  CHECK(fixture.sent("mark").size() == 1);
  CHECK(fixture.report.clears == 1);
  CHECK(fixture.report.heard.empty());
}

TEST_CASE("what Twilio would refuse is the gateway's error") {
  StreamFixture fixture;
  SECTION("a field too many") {
    fixture.stream->on_text(R"({"event":"clear","streamSid":"MZ1","more":1})");
  }
  SECTION("another stream") {
    fixture.stream->on_text(R"({"event":"clear","streamSid":"MZ2"})");
  }
  SECTION("binary") {
    fixture.stream->on_binary({});
  }
  CHECK_FALSE(fixture.report.media_error.empty());
}

TEST_CASE("a socket that is refused by policy says why") {
  StreamFixture fixture;
  fixture.stream->on_close({net::CloseCode::policy_violation, "the media token is wrong", 0});
  CHECK(fixture.over);
  CHECK_THAT(fixture.report.media_error, Catch::Contains("the media token is wrong"));
}

}  // namespace
}  // namespace trunkline::sim
