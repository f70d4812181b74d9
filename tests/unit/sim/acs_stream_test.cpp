#include "sim/acs_stream.hpp"

#include "support/fake_socket.hpp"

#include <catch2/catch.hpp>

namespace trunkline::sim {
namespace {

using nlohmann::json;
namespace acs = providers::acs;

/// ACS's end of a media socket, with the gateway's messages put in by hand.
struct StreamFixture {
  explicit StreamFixture(bool unmixed = false, Fault fault = Fault::none, std::size_t frames = 4) {
    AcsStream::Options options;
    options.start = {"sub-1", {media::Encoding::pcm16, 16'000}, 640};
    options.unmixed = unmixed;
    options.speakers = {{"4:+16045551234", std::vector<std::int16_t>(frames * 320, 1'000)},
                        {"8:acs:1_2", std::vector<std::int16_t>(frames * 320, 2'000)}};
    options.keys = {{milliseconds{40}, '3'}};
    options.first = WallTime{milliseconds{1'795'608'061'000}};
    options.breaks = fault == Fault::half_close;
    options.fault = fault;
    AcsStream::Listener listener;
    listener.opened = [this] { opened = true; };
    listener.pressed = [this](char key) { keys += key; };
    listener.over = [this](AcsSocketEnd how) { end = how; };
    stream = std::make_shared<AcsStream>(worker, std::move(options), report, std::move(listener));
    stream->on_open(socket);
  }
  ~StreamFixture() {
    stream->leave(true);
    stream->on_close({});
  }

  std::vector<json> sent(const std::string& kind) const {
    std::vector<json> found;
    for (const auto& message : socket.sent) {
      if (message["kind"] == kind) found.push_back(message);
    }
    return found;
  }
  void hear_audio(std::size_t samples) {
    std::string message;
    acs::append_audio(message, std::vector<std::uint8_t>(samples * 2, 0x10));
    stream->on_text(message);
  }

  net::Worker worker{0};
  test::FakeSocket socket{worker};
  CallReport report;
  bool opened = false;
  std::string keys;
  std::optional<AcsSocketEnd> end;
  std::shared_ptr<AcsStream> stream;
};

TEST_CASE("a mixed stream begins with its metadata and names nobody") {
  StreamFixture fixture;
  test::turn_until(fixture.worker, [&] { return fixture.sent("AudioData").size() == 3; });
  CHECK(fixture.opened);
  REQUIRE(fixture.socket.sent.front()["kind"] == "AudioMetadata");
  CHECK(fixture.socket.sent.front()["audioMetadata"]["length"] == 640);
  const auto frames = fixture.sent("AudioData");
  CHECK(frames[0]["audioData"]["timestamp"] == "2026-11-25T12:01:01.000Z");
  CHECK(frames[1]["audioData"]["timestamp"] == "2026-11-25T12:01:01.020Z");
  CHECK_FALSE(frames[0]["audioData"].contains("participantRawID"));
  CHECK(frames[0]["audioData"]["silent"] == false);
  CHECK(frames[0]["audioData"]["data"].get<std::string>().size() == 856);
  CHECK(frames[0]["audioData"]["data"].get<std::string>().starts_with("uAu4C7gL"));  // 3000, of both together
}

TEST_CASE("an unmixed stream has a frame of each, and a key where it was pressed") {
  StreamFixture fixture(true);
  test::turn_until(fixture.worker, [&] { return fixture.sent("AudioData").size() == 8; });
  const auto frames = fixture.sent("AudioData");
  CHECK(frames[0]["audioData"]["participantRawID"] == "4:+16045551234");
  CHECK(frames[1]["audioData"]["participantRawID"] == "8:acs:1_2");
  CHECK(frames[1]["audioData"]["timestamp"] == frames[0]["audioData"]["timestamp"]);
  REQUIRE(fixture.sent("DtmfData").size() == 1);
  CHECK(fixture.sent("DtmfData").front()["dtmfData"]["data"] == "3");
  CHECK(fixture.keys == "3");
}

TEST_CASE("what is heard is played in its own time, and StopAudio throws away the rest") {
  StreamFixture fixture;
  fixture.hear_audio(320 * 10);
  test::turn_until(fixture.worker, [&] { return fixture.sent("AudioData").size() == 3; });
  CHECK(fixture.report.heard.size() == 3 * 320);
  std::string stop;
  acs::append_stop(stop);
  fixture.stream->on_text(stop);
  test::turn_until(fixture.worker, [&] { return fixture.sent("AudioData").size() == 6; });
  CHECK(fixture.report.heard.size() == 3 * 320);
  CHECK(fixture.report.clears == 1);
  CHECK(fixture.report.frames_heard == 1);
}

TEST_CASE("all forms that clients of ACS send are understood") {
  StreamFixture fixture;
  for (const char* message : {R"({"kind":"audioData","audioData":{"data":"AAA=","isSilent":false},"stopAudio":{}})",
                              R"({"Kind":"AudioData","AudioData":{"Data":"AAA="},"StopAudio":null})",
                              R"({"kind":"AudioData","audioData":{"data":"AAA="}})",
                              R"({"Kind":"AudioData","AudioData":{"data":"AAA="},"StopAudio":null})"}) {
    fixture.stream->on_text(message);
  }
  fixture.stream->on_text(R"({"Kind":"StopAudio","AudioData":null,"StopAudio":{}})");
  CHECK(fixture.report.frames_heard == 4);
  CHECK(fixture.report.clears == 1);
  CHECK(fixture.report.media_error.empty());
  fixture.stream->on_text(R"({"kind":"Mark"})");
  CHECK_THAT(fixture.report.media_error, Catch::Contains("unknown kind"));
}

TEST_CASE("when everybody has finished, a second passes and the stream says so") {
  StreamFixture fixture;
  test::turn_until(fixture.worker, [&] { return fixture.end.has_value(); });
  CHECK(*fixture.end == AcsSocketEnd::finished);
  CHECK(fixture.report.frames_sent == 54);
  CHECK(fixture.socket.closed.empty());
  fixture.stream->leave(true);
  CHECK(fixture.socket.closed.size() == 1);
}

TEST_CASE("under the fault `half-close` it breaks in the middle of what is said") {
  StreamFixture fixture(false, Fault::half_close);
  test::turn_until(fixture.worker, [&] { return fixture.socket.aborted; });
  fixture.stream->on_close({});
  CHECK(fixture.end == AcsSocketEnd::broken);
  CHECK(fixture.report.frames_sent == 2);
  CHECK(fixture.report.media_error.empty());
}

}  // namespace
}  // namespace trunkline::sim
