#include "unit/adapters/deepgram_fixture.hpp"

#include <trunkline/adapters/deepgram_machine.hpp>

#include <catch2/catch.hpp>

#include <algorithm>

using namespace trunkline;
using net::CloseCode;
using test::Actions;
using test::DeepgramFixture;

namespace {

/// Milliseconds until the machine connects again, in steps of 10.
std::int64_t wait_for_connect(DeepgramFixture& call) {
  for (std::int64_t waited = 0; waited <= 20'000; waited += 10) {
    if (std::ranges::count(call.actions, "connect") > 0) {
      call.taken();
      return waited;
    }
    call.pass(10);
  }
  return -1;
}

}  // namespace

TEST_CASE("a lost connection is tried again after 100 to 300 ms, then ever later, up to five seconds") {
  DeepgramFixture call;
  call.machine.start(call.now, call);
  call.taken();
  call.chance = 0;
  call.lose_connection();
  CHECK(wait_for_connect(call) == 100);
  call.chance = 0.5;
  for (const std::int64_t expected : {400, 800, 1'600, 3'200, 5'000, 5'000}) {
    call.lose_connection();
    CHECK(wait_for_connect(call) == expected);
  }
  call.chance = 1;
  call.lose_connection();
  CHECK(wait_for_connect(call) == 5'000);

  DeepgramFixture other;
  other.machine.start(other.now, other);
  other.taken();
  other.chance = 1;
  other.lose_connection();
  CHECK(wait_for_connect(other) == 300);
}

TEST_CASE("a connection that never opens is given up after four seconds") {
  DeepgramFixture call;
  call.machine.start(call.now, call);
  call.taken();
  call.pass(3'999);
  CHECK(call.taken().empty());
  call.pass(1);
  CHECK(call.taken() == Actions{"close"});
  CHECK(wait_for_connect(call) == 200);
}

TEST_CASE("a refusal that would be the same next time is final") {
  for (const int status : {400, 401, 402, 403, 404}) {
    INFO(status);
    DeepgramFixture call;
    call.machine.start(call.now, call);
    call.taken();
    call.lose_connection(CloseCode::abnormal, status);
    CHECK(call.taken() == Actions{"trouble rejected", "finished"});
    call.speak(100);
    call.pass(60'000);
    CHECK(call.taken().empty());
    CHECK(call.machine.queued_bytes() == 0);
  }
  for (const auto code : {CloseCode::invalid_payload, CloseCode::policy_violation}) {
    DeepgramFixture call;
    call.open();
    call.lose_connection(code);
    CHECK(call.taken() == Actions{"trouble rejected", "finished"});
  }
}

TEST_CASE("too many streams is not final, but waited out longer") {
  DeepgramFixture call;
  call.machine.start(call.now, call);
  call.taken();
  call.lose_connection(CloseCode::abnormal, 429);
  CHECK(wait_for_connect(call) == 1'000);
  call.lose_connection(CloseCode::abnormal, 503);
  CHECK(wait_for_connect(call) == 2'000);
}

TEST_CASE("the third failure in a row is reported, once until it works again") {
  DeepgramFixture call;
  call.machine.start(call.now, call);
  Actions troubles;
  for (int i = 0; i < 5; ++i) {
    call.lose_connection();
    std::ranges::copy_if(call.actions, std::back_inserter(troubles), [](auto& a) { return a.starts_with("trouble"); });
    call.taken();
    wait_for_connect(call);
  }
  CHECK(troubles == Actions{"trouble engine_unavailable"});
  call.machine.connected(call.now, call);
  call.results("works", 0, 1, R"(,"is_final":true,"speech_final":true)");
  call.lose_connection();
  CHECK(wait_for_connect(call) == 200);
}

TEST_CASE("a connection that opens and closes at once does not reset the back-off") {
  DeepgramFixture call;
  call.machine.start(call.now, call);
  call.taken();
  for (const std::int64_t expected : {200, 400, 800}) {
    call.machine.connected(call.now, call);
    call.lose_connection(CloseCode::internal_error);
    CHECK(wait_for_connect(call) == expected);
  }
}

TEST_CASE("audio of an outage is sent afterwards, and its times fit the recording") {
  DeepgramFixture call;
  call.open();
  call.speak(10'000, 1);
  call.lose_connection();
  call.sent.clear();
  call.speak(1'000, 2);
  call.machine.connected(call.now, call);
  call.speak(5'000, 3);
  CHECK(call.machine.queued_bytes() == 0);
  REQUIRE(call.sent.size() == 48'000);
  CHECK(std::ranges::count(call.sent, 2) == 8'000);
  CHECK(std::ranges::is_sorted(call.sent));
  call.results("again", 0.5, 0.5, R"(,"is_final":true,"speech_final":true)");
  REQUIRE(call.segments.size() == 1);
  CHECK(call.segments[0].start_ms == 10'500);
  CHECK(call.segments[0].end_ms == 11'000);
}

TEST_CASE("an outage longer than the backlog loses the oldest, says so once, and keeps the clock") {
  DeepgramFixture call;
  call.open();
  call.lose_connection();
  call.chance = 1;
  call.taken();
  call.speak(12'000);
  CHECK(std::ranges::count(call.actions, "trouble audio_lost") == 1);
  CHECK(call.machine.queued_bytes() == 80'000);
  CHECK(call.machine.lost_samples() == 16'000);
  call.machine.connected(call.now, call);
  call.speak(1'000);
  call.results("late", 0, 0.5, R"(,"is_final":true,"speech_final":true)");
  REQUIRE(call.segments.size() == 1);
  // The first audio on the new connection is what was the oldest in the backlog when it opened.
  CHECK(call.segments[0].start_ms == 2'000);
}

TEST_CASE("what was final but not complete when the connection broke is not lost") {
  DeepgramFixture call;
  call.open();
  call.speak(1'000);
  call.results("half a", 0, 0.5, R"(,"is_final":true)");
  call.lose_connection();
  REQUIRE(call.segments.size() == 2);
  CHECK(call.segments[1].final);
  CHECK(call.segments[1].text == "half a");
}

TEST_CASE("a peer that reads too slowly gets the audio later") {
  DeepgramFixture call;
  call.open();
  call.accepts = false;
  call.speak(500);
  CHECK(call.sent.empty());
  CHECK(call.machine.queued_bytes() == 4'000);
  call.accepts = true;
  call.speak(4'000);
  CHECK(call.machine.queued_bytes() == 0);
  CHECK(call.sent.size() == 36'000);
  CHECK(call.machine.lost_samples() == 0);
}

TEST_CASE("a stream that ends while there is no connection tries once more and sends all it has") {
  DeepgramFixture call;
  call.machine.start(call.now, call);
  call.lose_connection();
  call.speak(60);
  call.taken();
  call.machine.finish(call.now, call);
  CHECK(call.taken() == Actions{"connect"});
  call.machine.connected(call.now, call);
  CHECK(call.taken() == Actions{"audio 480", R"(text {"type":"Finalize"})", R"(text {"type":"CloseStream"})"});
}

TEST_CASE("a stream that ends without any connection ends in two seconds and says what is missing") {
  DeepgramFixture call;
  call.machine.start(call.now, call);
  call.speak(500);
  call.taken();
  call.machine.finish(call.now, call);
  call.pass(2'000);
  CHECK(call.taken() == Actions{"trouble audio_lost", "close", "finished"});
  CHECK(call.machine.lost_samples() == 4'000);
}

TEST_CASE("the end waits for a slow peer, too") {
  DeepgramFixture call;
  call.open();
  call.accepts = false;
  call.speak(100);
  call.machine.finish(call.now, call);
  CHECK(call.taken().empty());
  call.accepts = true;
  call.pass(50);
  CHECK(call.taken() == Actions{"audio 800", R"(text {"type":"Finalize"})", R"(text {"type":"CloseStream"})"});
}

TEST_CASE("a connection is not trusted with another's end") {
  DeepgramFixture call;
  call.open();
  call.lose_connection();
  call.taken();
  call.lose_connection();  // the same news twice
  CHECK(call.taken().empty());
  CHECK(wait_for_connect(call) == 200);
}
