#include "unit/adapters/deepgram_fixture.hpp"

#include <trunkline/adapters/deepgram_machine.hpp>

#include <catch2/catch.hpp>

using namespace trunkline;
using test::Actions;
using test::DeepgramFixture;

TEST_CASE("the request names the audio exactly as it is sent") {
  CHECK(adapters::deepgram_target({}) ==
        "/v1/listen?encoding=mulaw&sample_rate=8000&channels=1&model=nova-3&language=en-US&interim_results=true"
        "&punctuate=true&smart_format=true&endpointing=300&utterance_end_ms=1000&vad_events=true");
  const adapters::DeepgramStream acs{media::Track::outbound, {media::Encoding::pcm16, 16'000}, "nova-2&x", "de"};
  CHECK(adapters::deepgram_target(acs).starts_with(
      "/v1/listen?encoding=linear16&sample_rate=16000&channels=1&model=nova-2%26x&language=de&"));
  const adapters::DeepgramStream wide{media::Track::inbound, {media::Encoding::pcm16, 24'000}, "nova-3", "en-US"};
  CHECK(adapters::deepgram_target(wide).starts_with("/v1/listen?encoding=linear16&sample_rate=24000&channels=1&"));
  CHECK(adapters::deepgram_authorization("secret") == "Token secret");
}

TEST_CASE("audio goes through at once, unchanged") {
  DeepgramFixture call;
  call.machine.start(call.now, call);
  CHECK(call.taken() == Actions{"connect"});
  call.machine.connected(call.now, call);
  call.speak(40, 0x42);
  CHECK(call.taken() == Actions{"audio 160", "audio 160"});
  CHECK(call.sent == std::vector<std::uint8_t>(320, 0x42));
}

TEST_CASE("no empty message is ever sent: it would end the stream") {
  DeepgramFixture call;
  call.open();
  call.machine.audio({}, 0, call.now, call);
  call.machine.silence(0, 0, call.now, call);
  CHECK(call.taken().empty());
}

TEST_CASE("audio that comes before the connection is kept, then caught up at 1.25 times real time") {
  DeepgramFixture call;
  call.machine.start(call.now, call);
  call.speak(1'000);
  CHECK(call.taken() == Actions{"connect"});
  call.machine.connected(call.now, call);
  CHECK(call.sent.size() == 1'600);  // 200 ms at once
  call.speak(1'000);
  CHECK(call.sent.size() <= 1'600 + 10'000);
  CHECK(call.sent.size() >= 1'600 + 9'800);
  call.speak(4'000);
  CHECK(call.machine.queued_bytes() == 0);
  CHECK(call.sent.size() == 6'000 * 8);
}

TEST_CASE("after five seconds without audio a KeepAlive goes out, and again five seconds later") {
  DeepgramFixture call;
  call.open();
  call.speak(20);
  call.taken();
  call.pass(4'979);
  CHECK(call.taken().empty());
  call.pass(1);
  CHECK(call.taken() == Actions{R"(text {"type":"KeepAlive"})"});
  call.pass(4'999);
  CHECK(call.taken().empty());
  call.pass(1);
  CHECK(call.taken() == Actions{R"(text {"type":"KeepAlive"})"});
}

TEST_CASE("an interim result is shown and replaced; finals are strung together until speech_final") {
  DeepgramFixture call;
  call.open();
  call.speak(4'000);
  call.results("check", 0.5, 0.5, R"(,"is_final":false)");
  call.results("check my", 0.5, 1.0, R"(,"is_final":true)");
  call.results("balance", 1.5, 0.5, R"(,"is_final":false)");
  call.results("balance please", 1.5, 1.5, R"(,"is_final":true,"speech_final":true)", 0.5);
  REQUIRE(call.segments.size() == 4);
  CHECK(call.segments[0].text == "check");
  CHECK_FALSE(call.segments[0].final);
  CHECK(call.segments[1].text == "check my");
  CHECK_FALSE(call.segments[1].final);
  CHECK(call.segments[2].text == "check my balance");
  CHECK_FALSE(call.segments[2].final);
  const auto& last = call.segments[3];
  CHECK(last.text == "check my balance please");
  CHECK(last.final);
  CHECK(last.start_ms == 500);
  CHECK(last.end_ms == 3'000);
  CHECK(last.confidence == Approx(0.7));
  CHECK(last.engine == "deepgram");
  CHECK(last.language == "en-US");
}

TEST_CASE("UtteranceEnd completes an utterance that no speech_final ended, once") {
  DeepgramFixture call;
  call.open();
  call.speak(2'000);
  call.results("hello", 0, 1, R"(,"is_final":true)");
  call.machine.text(R"({"type":"UtteranceEnd","channel":[0,1],"last_word_end":1.0})", call.now, call);
  call.machine.text(R"({"type":"UtteranceEnd","channel":[0,1],"last_word_end":1.0})", call.now, call);
  REQUIRE(call.segments.size() == 2);
  CHECK_FALSE(call.segments[0].final);
  CHECK(call.segments[1].final);
}

TEST_CASE("empty results say nothing, and an empty speech_final still ends the utterance") {
  DeepgramFixture call;
  call.open();
  call.speak(1'000);
  call.results("", 0, 1, R"(,"is_final":false)");
  call.results("", 0, 1, R"(,"is_final":true,"speech_final":true)");
  CHECK(call.segments.empty());
  call.results("yes", 0, 1, R"(,"is_final":true)");
  call.results("", 1, 1, R"(,"is_final":true,"speech_final":true)");
  REQUIRE(call.segments.size() == 2);
  CHECK(call.segments[1].final);
  CHECK(call.segments[1].text == "yes");
}

TEST_CASE("an utterance without end is given out in parts") {
  adapters::DeepgramLimits limits;
  limits.utterance_bytes = 20;
  DeepgramFixture call(limits);
  call.open();
  call.speak(1'000);
  for (int i = 0; i < 4; ++i) call.results("twelve bytes", 0, 0.5, R"(,"is_final":true)");
  CHECK(std::ranges::count_if(call.segments, &speech::Segment::final) == 2);
}

TEST_CASE("malformed messages are counted and harmless; unknown ones are nothing") {
  DeepgramFixture call;
  call.open();
  for (const auto* bad : {"", "{", "[]", "17", "null", R"({"type":3})", R"({"type":"Results"})",
                          R"({"type":"Results","channel":{"alternatives":[]}})",
                          R"({"type":"Results","channel":{"alternatives":[{"transcript":7}]}})", "\xFF\xFE"}) {
    call.machine.text(bad, call.now, call);
  }
  CHECK(call.machine.malformed_messages() == 10);
  call.machine.text(R"({"type":"Metadata","duration":0})", call.now, call);
  call.machine.text(R"({"type":"NextYearsMessage"})", call.now, call);
  CHECK(call.machine.malformed_messages() == 10);
  CHECK(call.segments.empty());
  CHECK(call.taken().empty());
}

TEST_CASE("times beyond what was sent, or before it, are not believed") {
  DeepgramFixture call;
  call.open();
  call.speak(1'000);
  call.results("wild", -5, 1e9, R"(,"is_final":true,"speech_final":true)");
  REQUIRE(call.segments.size() == 1);
  CHECK(call.segments[0].start_ms == 0);
  CHECK(call.segments[0].end_ms == 1'000);
}

TEST_CASE("a gap of the carrier is a second of silence at most, and later times still fit the recording") {
  DeepgramFixture call;
  call.open();
  call.speak(1'000);
  call.machine.silence(8'000 * 20, call.position, call.now, call);
  CHECK(call.sent.size() == 8'000 + 8'000);
  CHECK(call.sent.back() == 0xFF);
  call.position += 8'000 * 20;
  call.speak(1'000);
  call.results("before", 0.5, 0.25, R"(,"is_final":true,"speech_final":true)");
  call.results("after", 2.5, 0.25, R"(,"is_final":true,"speech_final":true)");
  REQUIRE(call.segments.size() == 2);
  CHECK(call.segments[0].start_ms == 500);
  CHECK(call.segments[1].start_ms == 21'500);
  CHECK(call.segments[1].end_ms == 21'750);
}

TEST_CASE("silence in 16-bit audio is zeros, twice as many bytes") {
  DeepgramFixture call({}, {media::Encoding::pcm16, 8'000});
  call.open();
  call.machine.silence(80, 0, call.now, call);
  CHECK(call.sent == std::vector<std::uint8_t>(160, 0));
}

TEST_CASE("at 16 and 24 kHz frames, silence, catching up and times keep their measure") {
  for (const std::uint32_t rate : {16'000U, 24'000U}) {
    INFO(rate);
    const std::size_t second = 2 * rate;
    DeepgramFixture call({}, {media::Encoding::pcm16, rate});
    call.machine.start(call.now, call);
    call.speak(1'000);
    call.machine.connected(call.now, call);
    CHECK(call.sent.size() == second / 5);  // 200 ms at once
    call.speak(1'000);
    CHECK(call.sent.size() == Approx(static_cast<double>(second) * (0.2 + 1.25)).epsilon(0.01));
    call.speak(4'000);
    CHECK(call.machine.queued_bytes() == 0);
    CHECK(call.sent.size() == 6 * second);

    call.taken();
    call.machine.silence(20 * rate, call.position, call.now, call);
    CHECK(call.taken() == Actions(50, "audio " + std::to_string(second / 50)));
    CHECK(call.sent.back() == 0);
    call.position += 20 * rate;
    call.speak(1'000);
    call.results("before", 5.5, 0.25, R"(,"is_final":true,"speech_final":true)");
    call.results("after", 7.5, 0.25, R"(,"is_final":true,"speech_final":true)");
    REQUIRE(call.segments.size() == 2);
    CHECK(call.segments[0].start_ms == 5'500);
    CHECK(call.segments[0].end_ms == 5'750);
    CHECK(call.segments[1].start_ms == 26'500);
    CHECK(call.segments[1].end_ms == 26'750);
  }
}

TEST_CASE("at 24 kHz ten seconds are kept as well, and times still fit after an outage") {
  DeepgramFixture call({}, {media::Encoding::pcm16, 24'000});
  call.open();
  call.speak(1'000);
  call.lose_connection();
  call.taken();
  call.speak(12'000);
  CHECK(call.machine.queued_bytes() == 480'000);
  CHECK(call.machine.lost_samples() == 2 * 24'000);
  call.machine.connected(call.now, call);
  call.results("there", 0.05, 0.05, R"(,"is_final":true,"speech_final":true)");
  REQUIRE(call.segments.size() == 1);
  CHECK(call.segments[0].start_ms == 3'050);
  CHECK(call.segments[0].end_ms == 3'100);
}

TEST_CASE("at the end the stream is finalised and closed; results still count until the server closes") {
  DeepgramFixture call;
  call.open();
  call.speak(1'000);
  call.taken();
  call.machine.finish(call.now, call);
  CHECK(call.taken() == Actions{R"(text {"type":"Finalize"})", R"(text {"type":"CloseStream"})"});
  call.results("bye", 0.2, 0.5, R"(,"is_final":true,"from_finalize":true)");
  REQUIRE(call.segments.size() == 1);
  CHECK(call.segments[0].final);
  call.lose_connection(net::CloseCode::normal);
  CHECK(call.taken() == Actions{"finished"});
  CHECK(call.machine.done());
}

TEST_CASE("a server that does not close is waited for two seconds only, and nothing said is lost") {
  DeepgramFixture call;
  call.open();
  call.speak(1'000);
  call.results("bye", 0.2, 0.5, R"(,"is_final":true)");
  call.machine.finish(call.now, call);
  call.taken();
  call.pass(1'999);
  CHECK(call.taken().empty());
  call.pass(1);
  CHECK(call.taken() == Actions{"close", "finished"});
  CHECK(call.segments.back().final);
  CHECK(call.segments.back().text == "bye");
}

TEST_CASE("after the end nothing happens any more") {
  DeepgramFixture call;
  call.open();
  call.machine.finish(call.now, call);
  call.lose_connection(net::CloseCode::normal);
  call.taken();
  call.speak(100);
  call.machine.finish(call.now, call);
  call.machine.connected(call.now, call);
  call.lose_connection();
  call.results("late", 0, 1, R"(,"is_final":true,"speech_final":true)");
  call.pass(60'000);
  CHECK(call.taken().empty());
  CHECK(call.segments.empty());
}

TEST_CASE("a machine that never started ends at once") {
  DeepgramFixture call;
  call.machine.finish(call.now, call);
  CHECK(call.taken() == Actions{"finished"});
}
