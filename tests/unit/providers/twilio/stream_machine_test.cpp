#include <trunkline/providers/twilio/stream_machine.hpp>

#include <catch2/catch.hpp>

#include <numeric>

using namespace trunkline;
using namespace trunkline::providers::twilio;
using namespace std::chrono_literals;

namespace {

const std::string connected = R"({"event":"connected","protocol":"Call","version":"1.0.0"})";
const std::string mark = R"({"event":"mark","sequenceNumber":"2","streamSid":"MZx","mark":{"name":"m"}})";
const std::string dtmf = R"({"event":"dtmf","streamSid":"MZx","sequenceNumber":"2","dtmf":{"digit":"7"}})";
const std::string stop = R"({"event":"stop","sequenceNumber":"2","streamSid":"MZx","stop":{"callSid":"CAx"}})";

std::string start(std::string_view more = R"("customParameters":{"token":"t"})") {
  return R"({"event":"start","sequenceNumber":"1","streamSid":"MZx","start":{"streamSid":"MZx","callSid":"CAx",)" +
         std::string(more) + "}}";
}

std::string media(std::uint64_t sequence = 2, std::string_view payload = "/38A") {
  return R"({"event":"media","sequenceNumber":")" + std::to_string(sequence) +
         R"(","streamSid":"MZx","media":{"track":"inbound","chunk":"1","timestamp":"20","payload":")" +
         std::string(payload) + R"("}})";
}

struct Fixture {
  const MonoTime opened{1h};
  MonoTime now = opened;
  StreamMachine machine{opened};

  StreamAction step(std::string_view text) { return machine.step(text, now); }
  Fixture& begin() {
    step(connected);
    REQUIRE(std::holds_alternative<Started>(step(start())));
    return *this;
  }
  void expect_ignored(std::string_view text, Ignored reason) {
    INFO(text);
    const auto before = machine.counters().of(reason);
    const StreamAction action = step(text);
    REQUIRE(std::holds_alternative<Ignored>(action));
    CHECK(to_string(std::get<Ignored>(action)) == to_string(reason));
    CHECK(machine.counters().of(reason) == before + 1);
  }
  void expect_close(const StreamAction& action, net::CloseCode code, media::EndCause cause) {
    REQUIRE(std::holds_alternative<CloseSocket>(action));
    CHECK(std::get<CloseSocket>(action).code == code);
    CHECK(std::get<CloseSocket>(action).cause == cause);
    CHECK_FALSE(std::get<CloseSocket>(action).reason.empty());
    CHECK(machine.over());
    CHECK(machine.deadline() == MonoTime::max());
    expect_ignored(media(), Ignored::after_end);
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "a stream goes from connected over start and media to stop") {
  CHECK(std::holds_alternative<std::monostate>(step(connected)));
  const auto started = step(start());
  REQUIRE(std::holds_alternative<Started>(started));
  CHECK(std::get<Started>(started).start->call_sid == "CAx");
  CHECK(std::get<Started>(started).start->parameters.at("token") == "t");

  const auto frame = step(media());
  REQUIRE(std::holds_alternative<MediaReceived>(frame));
  const auto& received = std::get<MediaReceived>(frame);
  CHECK(received.track == media::Track::inbound);
  CHECK(received.timestamp_ms == 20);
  CHECK(received.chunk == 1);
  CHECK(std::vector(received.payload.begin(), received.payload.end()) == std::vector<std::uint8_t>{0xFF, 0x7F, 0x00});

  CHECK(std::get<MarkEchoed>(step(mark)).name == "m");
  CHECK(std::get<DtmfReceived>(step(dtmf)).digit == '7');
  CHECK(std::holds_alternative<Stopped>(step(stop)));
  CHECK(machine.over());
  CHECK(machine.counters().media == 1);
}

TEST_CASE_METHOD(Fixture, "start may come without connected") {
  CHECK(std::holds_alternative<Started>(step(start())));
}

TEST_CASE_METHOD(Fixture, "what comes before start is ignored") {
  for (const bool after_connected : {false, true}) {
    if (after_connected) step(connected);
    for (const auto& text : {media(), mark, dtmf, stop}) expect_ignored(text, Ignored::before_start);
  }
  CHECK(std::holds_alternative<Started>(step(start())));
}

TEST_CASE_METHOD(Fixture, "what comes after stop is ignored") {
  begin();
  step(stop);
  for (const auto& text : {connected, start(), media(), mark, dtmf, stop, std::string("x")}) {
    expect_ignored(text, Ignored::after_end);
  }
  CHECK(std::holds_alternative<std::monostate>(machine.tick(now + 24h)));
}

TEST_CASE_METHOD(Fixture, "connected again is ignored") {
  step(connected);
  expect_ignored(connected, Ignored::unexpected);
  step(start());
  expect_ignored(connected, Ignored::unexpected);
}

TEST_CASE_METHOD(Fixture, "a second start closes the socket") {
  begin();
  expect_close(step(start()), net::CloseCode::protocol_error, media::EndCause::protocol_error);
}

TEST_CASE_METHOD(Fixture, "without start the socket is closed after five seconds") {
  const bool connects = GENERATE(false, true);
  now += 4s;
  if (connects) step(connected);
  CHECK(machine.deadline() == opened + 5s);
  CHECK(std::holds_alternative<std::monostate>(machine.tick(opened + 4999ms)));
  expect_close(machine.tick(opened + 5s), net::CloseCode::policy_violation, media::EndCause::protocol_error);
}

TEST_CASE_METHOD(Fixture, "a stream that falls silent is closed, any message keeps it") {
  begin();
  now += 9s;
  CHECK(std::holds_alternative<std::monostate>(machine.tick(now)));
  step("not even JSON");
  now += 9s;
  CHECK(std::holds_alternative<std::monostate>(machine.tick(now)));
  CHECK(machine.deadline() == now + 1s);
  expect_close(machine.tick(now + 1s), net::CloseCode::normal, media::EndCause::idle);
}

TEST_CASE("an idle time-out of zero waits for ever") {
  StreamMachineLimits limits;
  limits.idle_timeout = 0ms;
  StreamMachine machine(MonoTime{}, limits);
  machine.step(start(), MonoTime{});
  CHECK(machine.deadline() == MonoTime::max());
  CHECK(std::holds_alternative<std::monostate>(machine.tick(MonoTime{} + 1000h)));
}

TEST_CASE_METHOD(Fixture, "a start that cannot be bound to a call closes the socket") {
  const std::string text =
      GENERATE(R"({"event":"start"})", R"({"event":"start","start":[]})",
               R"({"event":"start","start":{"callSid":"CAx"}})", R"({"event":"start","start":{"streamSid":"MZx"}})",
               R"({"event":"start","start":{"streamSid":"MZx","callSid":1}})",
               R"({"event":"start","streamSid":"MZx","start":{"streamSid":"MZy","callSid":"CAx"}})",
               R"({"event":"start","start":{"streamSid":"MZ\"","callSid":"CAx"}})");
  INFO(text);
  expect_close(step(text), net::CloseCode::protocol_error, media::EndCause::protocol_error);
}

TEST_CASE_METHOD(Fixture, "a start may carry its id at either level") {
  const std::string text = GENERATE(R"({"event":"start","streamSid":"MZx","start":{"callSid":"CAx"}})",
                                    R"({"event":"start","start":{"callSid":"CAx","streamSid":"MZx"}})");
  REQUIRE(std::holds_alternative<Started>(step(text)));
  CHECK(std::holds_alternative<MediaReceived>(step(media())));
}

TEST_CASE_METHOD(Fixture, "audio that is not mu-law at 8 kHz closes the socket") {
  const std::string format = GENERATE(R"({"encoding":"audio/x-mulaw","sampleRate":16000,"channels":1})",
                                      R"({"encoding":"audio/x-l16","sampleRate":8000,"channels":1})",
                                      R"({"encoding":"audio/x-mulaw","sampleRate":8000,"channels":2})", "{}", "1");
  INFO(format);
  expect_close(step(start(R"("mediaFormat":)" + format)), net::CloseCode::unsupported_data,
               media::EndCause::protocol_error);
}

TEST_CASE_METHOD(Fixture, "the format's numbers may be strings") {
  const auto action = step(start(R"("mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":"8000","channels":"1"})"));
  CHECK(std::holds_alternative<Started>(action));
}

TEST_CASE_METHOD(Fixture, "parameters and tracks of strange types are taken as far as they go") {
  const auto action = step(start(R"("tracks":["outbound",1,"both"],"customParameters":{"n":1,"s":"x","o":{"a":[]}})"));
  REQUIRE(std::holds_alternative<Started>(action));
  const StreamStart& read = *std::get<Started>(action).start;
  CHECK(read.tracks == std::vector{media::Track::outbound});
  CHECK(read.parameters == std::map<std::string, std::string>{{"s", "x"}});
}

TEST_CASE_METHOD(Fixture, "a parameter that is nested without end is left out") {
  constexpr std::size_t depth = 120'000;
  const std::string nested = std::string(depth, '[') + std::string(depth, ']');
  const auto action = step(start(R"("customParameters":{"x":)" + nested + R"(,"token":"t"})"));
  REQUIRE(std::holds_alternative<Started>(action));
  CHECK(std::get<Started>(action).start->parameters == std::map<std::string, std::string>{{"token", "t"}});
}

TEST_CASE_METHOD(Fixture, "no more than 99 parameters are kept, none of more than 2048 bytes") {
  std::string parameters = R"("a":")" + std::string(2047, 'x') + R"(","b":")" + std::string(2048, 'x') + '"';
  for (int i = 100; i < 220; ++i) parameters += ",\"p" + std::to_string(i) + "\":\"\"";
  const auto action = step(start("\"customParameters\":{" + parameters + "}"));
  REQUIRE(std::holds_alternative<Started>(action));
  const auto& kept = std::get<Started>(action).start->parameters;
  CHECK(kept.size() == 99);
  CHECK(kept.contains("a"));
  CHECK_FALSE(kept.contains("b"));
}

TEST_CASE_METHOD(Fixture, "numbers may be JSON numbers") {
  begin();
  const auto action = step(R"({"event":"media","sequenceNumber":2,"streamSid":"MZx",)"
                           R"("media":{"track":"outbound","chunk":3,"timestamp":40,"payload":"\/38A"}})");
  REQUIRE(std::holds_alternative<MediaReceived>(action));
  CHECK(std::get<MediaReceived>(action).track == media::Track::outbound);
  CHECK(std::get<MediaReceived>(action).chunk == 3);
  CHECK(std::get<MediaReceived>(action).timestamp_ms == 40);
  CHECK(std::get<MediaReceived>(action).payload.size() == 3);
  CHECK(machine.counters().missing == 0);
}

TEST_CASE_METHOD(Fixture, "a stranger's messages are ignored") {
  begin();
  for (std::string text : {media(), mark, dtmf, stop}) {
    text.replace(text.find("MZx"), 3, "MZy");
    expect_ignored(text, Ignored::wrong_stream);
  }
  expect_ignored(R"({"event":"stop"})", Ignored::wrong_stream);
  CHECK(machine.counters().out_of_order == 0);
  CHECK(std::holds_alternative<MediaReceived>(step(media())));
}

TEST_CASE_METHOD(Fixture, "bad payloads are dropped and the call lives") {
  begin();
  const std::string longest(64 * 1024 / 3 * 4, 'A');
  expect_ignored(media(2, ""), Ignored::bad_payload);
  expect_ignored(media(3, "A"), Ignored::bad_payload);
  expect_ignored(media(4, "AA!="), Ignored::bad_payload);
  expect_ignored(media(5, longest + "AAAA"), Ignored::bad_payload);
  expect_ignored(media(6, longest + longest), Ignored::bad_payload);
  CHECK(machine.counters().missing == 0);
  const auto action = step(media(7, longest));
  CHECK(std::get<MediaReceived>(action).payload.size() == 64 * 1024 / 3 * 3);
}

TEST_CASE_METHOD(Fixture, "malformed messages are ignored") {
  begin();
  for (const std::string_view text :
       {"{}", "[]", "1", "null", "\"media\"", R"({"event":1})", R"({"event":"media","streamSid":"MZx"})",
        R"({"event":"media","streamSid":"MZx","media":1})",
        R"({"event":"media","streamSid":"MZx","media":{"track":"inbound","timestamp":"1"}})",
        R"({"event":"media","streamSid":"MZx","media":{"track":"inbound","timestamp":"1","payload":1}})",
        R"({"event":"media","streamSid":"MZx","media":{"track":"up","timestamp":"1","payload":"AA=="}})",
        R"({"event":"media","streamSid":"MZx","media":{"track":"inbound","timestamp":-1,"payload":"AA=="}})",
        R"({"event":"media","streamSid":"MZx","media":{"track":"inbound","timestamp":"1e3","payload":"AA=="}})",
        R"({"event":"media","streamSid":"MZx","media":{"track":"inbound","timestamp":1000000000000,"payload":"AA=="}})",
        R"({"event":"mark","streamSid":"MZx"})", R"({"event":"mark","streamSid":"MZx","mark":{"name":null}})",
        R"({"event":"dtmf","streamSid":"MZx","dtmf":{}})",
        R"({"event":"dtmf","streamSid":"MZx","dtmf":{"digit":"12"}})",
        R"({"event":"dtmf","streamSid":"MZx","dtmf":{"digit":"x"}})"}) {
    expect_ignored(text, Ignored::malformed);
  }
  CHECK(std::holds_alternative<MediaReceived>(step(media())));
}

TEST_CASE_METHOD(Fixture, "every touch-tone digit is understood") {
  begin();
  for (const char digit : std::string_view("0123456789*#ABCD")) {
    const auto action = step(R"({"event":"dtmf","streamSid":"MZx","dtmf":{"digit":")" + std::string(1, digit) + "\"}}");
    CHECK(std::get<DtmfReceived>(action).digit == digit);
  }
}

TEST_CASE_METHOD(Fixture, "unknown events are ignored at any time") {
  expect_ignored(R"({"event":"hello"})", Ignored::unknown_event);
  begin();
  expect_ignored(R"({"event":"hello","streamSid":"MZx"})", Ignored::unknown_event);
}

TEST_CASE_METHOD(Fixture, "ten messages in a row that are not JSON close the socket") {
  begin();
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 9; ++i) expect_ignored(i % 2 == 0 ? "{" : "\xFF", Ignored::invalid_json);
    CHECK(std::holds_alternative<MediaReceived>(step(media())));
  }
  for (int i = 0; i < 9; ++i) expect_ignored("", Ignored::invalid_json);
  expect_close(step("{\"event\":\"media\""), net::CloseCode::invalid_payload, media::EndCause::protocol_error);
  CHECK(machine.counters().of(Ignored::invalid_json) == 28);
}

TEST_CASE_METHOD(Fixture, "missing and late sequence numbers are counted") {
  begin();
  step(media(2));
  step(media(5));
  CHECK(machine.counters().missing == 2);
  step(media(4));
  step(media(5));
  CHECK(machine.counters().out_of_order == 2);
  CHECK(machine.counters().missing == 2);
  step(media(6));
  CHECK(machine.counters().missing == 2);
  CHECK(machine.counters().media == 5);
}

TEST_CASE_METHOD(Fixture, "the payload buffer is reused") {
  begin();
  const std::string frame = media(2, std::string(216, 'A'));
  const auto* where = std::get<MediaReceived>(step(frame)).payload.data();
  for (int i = 0; i < 100; ++i) CHECK(std::get<MediaReceived>(step(frame)).payload.data() == where);
}
