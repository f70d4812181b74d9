#include <trunkline/base/base64.hpp>
#include <trunkline/providers/acs/media_machine.hpp>

#include <catch2/catch.hpp>

using namespace trunkline;
using namespace trunkline::providers::acs;
using namespace std::chrono_literals;

namespace {

std::string metadata(std::string_view more = R"("encoding":"PCM","sampleRate":16000,"channels":1,"length":640)") {
  return R"({"kind":"AudioMetadata","audioMetadata":{"subscriptionId":"s-1",)" + std::string(more) + "}}";
}

std::string audio(std::string_view data = "/38AgA==", std::string_view participant = "4:+1") {
  return R"({"kind":"AudioData","audioData":{"timestamp":"2026-11-20T12:01:01.160Z","participantRawID":")" +
         std::string(participant) + R"(","data":")" + std::string(data) + R"(","silent":false}})";
}

std::string dtmf(std::string_view tone) {
  return R"({"kind":"DtmfData","dtmfData":{"data":")" + std::string(tone) + "\"}}";
}

std::string zeros(std::size_t bytes) {
  return base64::encode(std::string(bytes, '\0'));
}

struct Fixture {
  const MonoTime opened{1h};
  MonoTime now = opened;
  MediaMachine machine{opened};

  MediaAction step(std::string_view text) { return machine.step(text, now); }
  void begin() { REQUIRE(std::holds_alternative<Started>(step(metadata()))); }
  std::uint64_t ignored(Ignored reason) const { return machine.ignored()[static_cast<std::size_t>(reason)]; }
  void expect_ignored(std::string_view text, Ignored reason) {
    INFO(text.substr(0, 1'000));
    const auto before = ignored(reason);
    const MediaAction action = step(text);
    REQUIRE(std::holds_alternative<Ignored>(action));
    CHECK(to_string(std::get<Ignored>(action)) == to_string(reason));
    CHECK(ignored(reason) == before + 1);
  }
  MediaReceived expect_media(std::string_view text) {
    INFO(text);
    const MediaAction action = step(text);
    REQUIRE(std::holds_alternative<MediaReceived>(action));
    return std::get<MediaReceived>(action);
  }
  void expect_close(const MediaAction& action, net::CloseCode code, media::EndCause cause) {
    REQUIRE(std::holds_alternative<CloseSocket>(action));
    CHECK(std::get<CloseSocket>(action).code == code);
    CHECK(std::get<CloseSocket>(action).cause == cause);
    CHECK_FALSE(std::get<CloseSocket>(action).reason.empty());
    CHECK(machine.over());
    CHECK(machine.deadline() == MonoTime::max());
    expect_ignored(audio(), Ignored::after_end);
    CHECK(std::holds_alternative<std::monostate>(machine.tick(now + 24h)));
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "an ACS stream goes from its metadata to audio and keys") {
  const auto started = step(metadata());
  REQUIRE(std::holds_alternative<Started>(started));
  const StreamStart& start = *std::get<Started>(started).start;
  CHECK(start == StreamStart{"s-1", {media::Encoding::pcm16, 16'000}, 640});

  const MediaReceived frame = expect_media(audio());
  CHECK(frame.participant == 0);
  CHECK(frame.timestamp_ms == 1'795'176'061'160);
  CHECK_FALSE(frame.silent);
  CHECK(std::vector(frame.payload.begin(), frame.payload.end()) == std::vector<std::uint8_t>{0xFF, 0x7F, 0x00, 0x80});
  CHECK(std::vector(machine.participants().begin(), machine.participants().end()) == std::vector<std::string>{"4:+1"});

  const auto key = step(R"({"kind":"DtmfData","dtmfData":{"data":"7","participantRawID":"4:+1",)"
                        R"("timestamp":"2026-11-20T12:01:01.160Z"}})");
  REQUIRE(std::holds_alternative<DtmfReceived>(key));
  CHECK(std::get<DtmfReceived>(key).digit == '7');
  CHECK(std::get<DtmfReceived>(key).participant == "4:+1");
  CHECK(std::get<DtmfReceived>(key).timestamp_ms == 1'795'176'061'160);
  CHECK(machine.counters().media == 1);
  CHECK_FALSE(machine.over());
}

TEST_CASE_METHOD(Fixture, "what comes before the metadata is ignored") {
  expect_ignored(audio(), Ignored::before_metadata);
  expect_ignored(dtmf("1"), Ignored::before_metadata);
  begin();
  expect_media(audio());
}

TEST_CASE_METHOD(Fixture, "the same metadata again change nothing, others close the socket") {
  begin();
  expect_ignored(metadata(), Ignored::unexpected);
  expect_media(audio());
  const std::string other = GENERATE(R"("encoding":"PCM","sampleRate":24000,"channels":1,"length":960)",
                                     R"("encoding":"PCM","sampleRate":16000,"channels":1,"length":320)");
  expect_close(step(metadata(other)), net::CloseCode::protocol_error, media::EndCause::protocol_error);
}

TEST_CASE_METHOD(Fixture, "metadata of another subscription close the socket") {
  begin();
  std::string other = metadata();
  other.replace(other.find("s-1"), 3, "s-2");
  expect_close(step(other), net::CloseCode::protocol_error, media::EndCause::protocol_error);
}

TEST_CASE_METHOD(Fixture, "metadata without a usable subscription close the socket") {
  const std::string text = GENERATE(R"({"kind":"AudioMetadata"})", R"({"kind":"AudioMetadata","audioMetadata":[]})",
                                    R"({"kind":"AudioMetadata","audioMetadata":{"encoding":"PCM","sampleRate":16000}})",
                                    R"({"kind":"AudioMetadata","audioMetadata":{"subscriptionId":1}})",
                                    R"({"kind":"AudioMetadata","audioMetadata":{"subscriptionId":"a\"b"}})");
  INFO(text);
  expect_close(step(text), net::CloseCode::protocol_error, media::EndCause::protocol_error);
}

TEST_CASE_METHOD(Fixture, "audio that is not mono PCM at 16 or 24 kHz closes the socket") {
  const std::string format =
      GENERATE(R"("encoding":"PCM","sampleRate":8000,"channels":1)", R"("encoding":"PCM","sampleRate":48000)",
               R"("encoding":"PCM","sampleRate":16000,"channels":2)", R"("encoding":"opus","sampleRate":16000)",
               R"("encoding":"PCM","sampleRate":"fast")", R"("encoding":"PCM","channels":1)", R"("sampleRate":16000)",
               R"("encoding":"PCM","sampleRate":16000.5)", R"("encoding":"PCM","sampleRate":4294983296)",
               R"("encoding":"PCM","sampleRate":16000,"channels":"mono")");
  INFO(format);
  expect_close(step(metadata(format)), net::CloseCode::unsupported_data, media::EndCause::protocol_error);
}

TEST_CASE_METHOD(Fixture, "names are understood in any case, numbers also as text") {
  const auto started = step(R"({"KIND":"audioMetadata","AudioMetadata":{"SubscriptionId":"s-1","Encoding":"pcm",)"
                            R"("SampleRate":"24000","Channels":"1","Length":"960"}})");
  REQUIRE(std::holds_alternative<Started>(started));
  CHECK(std::get<Started>(started).start->format.sample_rate == 24'000);
  CHECK(std::get<Started>(started).start->frame_bytes == 960);
  const MediaReceived frame = expect_media(
      R"({"Kind":"audioData","AudioData":{"Timestamp":"2026-11-20T12:01:01.16Z","ParticipantRawId":"4:+1",)"
      R"("Data":"\/38AgA==","Silent":true,"New":[{}]},"StopAudio":null})");
  CHECK(frame.timestamp_ms == 1'795'176'061'160);
  CHECK(frame.silent);
  CHECK(frame.payload.size() == 4);
  CHECK(machine.participants()[frame.participant] == "4:+1");
  CHECK(std::get<DtmfReceived>(step(R"({"kind":"dtmfData","DTMFDATA":{"Data":"9"}})")).digit == '9');
  CHECK(machine.counters().silent == 1);
}

TEST_CASE_METHOD(Fixture, "a frame's length that fits no frame is taken for 20 ms") {
  const std::string length = GENERATE("0", "641", "32002", "-640", "640.0", "null", "\"x\"");
  INFO(length);
  const auto started = step(metadata(R"("encoding":"PCM","sampleRate":16000,"channels":1,"length":)" + length));
  REQUIRE(std::holds_alternative<Started>(started));
  CHECK(std::get<Started>(started).start->frame_bytes == 640);
}

TEST_CASE_METHOD(Fixture, "without metadata the ACS socket is closed after ten seconds") {
  now += 9s;
  expect_ignored(audio(), Ignored::before_metadata);
  CHECK(machine.deadline() == opened + 10s);
  CHECK(std::holds_alternative<std::monostate>(machine.tick(opened + 9'999ms)));
  expect_close(machine.tick(opened + 10s), net::CloseCode::policy_violation, media::EndCause::protocol_error);
}

TEST_CASE_METHOD(Fixture, "an ACS stream that falls silent is closed, any message keeps it") {
  begin();
  now += 9s;
  CHECK(std::holds_alternative<std::monostate>(machine.tick(now)));
  step("not even JSON");
  now += 9s;
  CHECK(std::holds_alternative<std::monostate>(machine.tick(now)));
  CHECK(machine.deadline() == now + 1s);
  expect_close(machine.tick(now + 1s), net::CloseCode::normal, media::EndCause::idle);
}

TEST_CASE("an idle time-out of zero waits for ever on an ACS socket") {
  SocketLimits limits;
  limits.idle_timeout = 0ms;
  MediaMachine machine(MonoTime{}, limits);
  machine.step(metadata(), MonoTime{});
  CHECK(machine.deadline() == MonoTime::max());
  CHECK(std::holds_alternative<std::monostate>(machine.tick(MonoTime{} + 1000h)));
}

TEST_CASE_METHOD(Fixture, "bad payloads of ACS are dropped and the call lives") {
  begin();
  for (const std::string& data : {std::string(), zeros(1), zeros(3), zeros(641), std::string("A"), std::string("AA!="),
                                  zeros(32'002), zeros(60'000)}) {
    expect_ignored(audio(data), Ignored::bad_payload);
  }
  CHECK(machine.participants().empty());
  CHECK(expect_media(audio(zeros(32'000))).payload.size() == 32'000);
  CHECK(expect_media(audio(zeros(2))).payload.size() == 2);
}

TEST_CASE_METHOD(Fixture, "a second of audio is longer at 24 kHz") {
  step(metadata(R"("encoding":"PCM","sampleRate":24000,"channels":1,"length":960)"));
  CHECK(expect_media(audio(zeros(48'000))).payload.size() == 48'000);
  expect_ignored(audio(zeros(48'002)), Ignored::bad_payload);
}

TEST_CASE_METHOD(Fixture, "malformed messages of ACS are ignored") {
  begin();
  for (const std::string_view text : {"{}",
                                      "[]",
                                      "1",
                                      "null",
                                      "\"AudioData\"",
                                      R"({"kind":1})",
                                      R"({"kind":null,"audioData":{"data":"AAA="}})",
                                      R"({"kind":"AudioData"})",
                                      R"({"kind":"AudioData","audioData":null})",
                                      R"({"kind":"AudioData","audioData":1})",
                                      R"({"kind":"AudioData","audioData":{}})",
                                      R"({"kind":"AudioData","audioData":{"data":1}})",
                                      R"({"kind":"AudioData","audioData":{"data":"AAA=","silent":1}})",
                                      R"({"kind":"AudioData","audioData":{"data":"AAA=","participantRawID":1}})",
                                      R"({"kind":"DtmfData"})",
                                      R"({"kind":"DtmfData","dtmfData":{"data":3}})",
                                      R"({"kind":"DtmfData","dtmfData":{"data":"12"}})",
                                      R"({"kind":"DtmfData","dtmfData":{"data":"x"}})",
                                      R"({"kind":"DtmfData","dtmfData":{"data":""}})",
                                      R"({"kind":"DtmfData","dtmfData":{"data":"1","participantRawID":{}}})"}) {
    expect_ignored(text, Ignored::malformed);
  }
  expect_ignored(audio("AAA=", std::string(max_raw_id_bytes + 1, 'x')), Ignored::malformed);
  expect_media(audio());
}

TEST_CASE_METHOD(Fixture, "a message without end is not parsed") {
  begin();
  constexpr std::size_t depth = 100'000;
  expect_ignored(std::string(depth, '[') + std::string(depth, ']'), Ignored::malformed);
  expect_ignored(R"({"kind":"AudioData","audioData":{"data":"AAA="},"x":)" + std::string(depth, '['),
                 Ignored::malformed);
  const std::string blanks(256 * 1024, ' ');
  expect_ignored(audio() + blanks, Ignored::malformed);
  expect_media(audio() + blanks.substr(audio().size()));
  // Brackets in a text are no nesting.
  expect_media(
      R"({"kind":"AudioData","x":"[[[[[[[[[[[[\"[[","audioData":{"data":"AAA=","participantRawID":"{{{{{{{{{"}})");
}

TEST_CASE_METHOD(Fixture, "every tone is understood, as a key and as a word") {
  begin();
  for (const char digit : std::string_view("0123456789*#ABCD")) {
    CHECK(std::get<DtmfReceived>(step(dtmf(std::string(1, digit)))).digit == digit);
  }
  const std::string_view words[] = {"zero",  "one",  "two",      "three", "four", "five", "six", "seven",
                                    "eight", "nine", "asterisk", "pound", "a",    "b",    "c",   "d"};
  for (std::size_t i = 0; i < std::size(words); ++i) {
    CHECK(std::get<DtmfReceived>(step(dtmf(words[i]))).digit == "0123456789*#ABCD"[i]);
  }
  CHECK(std::get<DtmfReceived>(step(dtmf("Pound"))).digit == '#');
  CHECK(std::get<DtmfReceived>(step(dtmf("1"))).participant.empty());
  CHECK_FALSE(std::get<DtmfReceived>(step(dtmf("1"))).timestamp_ms);
}

TEST_CASE_METHOD(Fixture, "unknown kinds are ignored at any time") {
  expect_ignored(R"({"kind":"Hello"})", Ignored::unknown_kind);
  begin();
  expect_ignored(R"({"kind":"MarkData","markData":{"id":"m-1","status":"Completed"}})", Ignored::unknown_kind);
}

TEST_CASE_METHOD(Fixture, "ten messages of ACS in a row that are not JSON close the socket") {
  begin();
  for (const bool scanned : {true, false}) {
    for (int i = 0; i < 9; ++i) expect_ignored(i % 2 == 0 ? "{" : "\xFF", Ignored::invalid_json);
    if (scanned) {
      expect_media(audio());
    } else {
      expect_ignored("{}", Ignored::malformed);
    }
  }
  for (int i = 0; i < 9; ++i) expect_ignored("", Ignored::invalid_json);
  expect_close(step("{\"kind\":\"AudioData\""), net::CloseCode::invalid_payload, media::EndCause::protocol_error);
  CHECK(ignored(Ignored::invalid_json) == 28);
}

TEST_CASE_METHOD(Fixture, "each participant has an index of its own, beyond eight they are ignored") {
  begin();
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 8; ++i) {
      CHECK(expect_media(audio("AAA=", "8:acs:" + std::to_string(i))).participant == i);
    }
    expect_ignored(audio("AAA=", "8:acs:8"), Ignored::too_many_participants);
  }
  REQUIRE(machine.participants().size() == 8);
  CHECK(machine.participants()[7] == "8:acs:7");
  CHECK(machine.counters().media == 16);
}

TEST_CASE_METHOD(Fixture, "a mixed stream has one participant without an id") {
  begin();
  CHECK(expect_media(R"({"kind":"AudioData","audioData":{"data":"AAA="}})").participant == 0);
  CHECK(expect_media(R"({"kind":"AudioData","audioData":{"data":"AAA=","participantRawID":null}})").participant == 0);
  CHECK(expect_media(R"({"kind":"AudioData","audioData":{"data":"AAA=","participantRawID":""}})").participant == 0);
  CHECK(std::vector(machine.participants().begin(), machine.participants().end()) == std::vector<std::string>{""});
}

TEST_CASE_METHOD(Fixture, "a frame without a believable time goes by its arrival") {
  begin();
  for (const std::string_view timestamp :
       {"null", "12", "\"noon\"", "{}", "\"0001-01-01T00:00:00Z\"", "\"2026-11-31T12:00:00Z\""}) {
    INFO(timestamp);
    const auto frame =
        expect_media(R"({"kind":"AudioData","audioData":{"data":"AAA=","timestamp":)" + std::string(timestamp) + "}}");
    CHECK_FALSE(frame.timestamp_ms);
  }
  CHECK(machine.counters().without_time == 6);
}

TEST_CASE_METHOD(Fixture, "the payload buffer of ACS audio is used again") {
  begin();
  const std::string frame = audio(zeros(640));
  const auto* where = expect_media(frame).payload.data();
  for (int i = 0; i < 100; ++i) CHECK(expect_media(frame).payload.data() == where);
}
