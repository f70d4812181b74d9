#include "events.hpp"

#include <catch2/catch.hpp>

namespace trunkline::calls {
namespace {

using namespace test;

TEST_CASE("an answered call goes from ringing to ended with its times and duration") {
  Call call = fold({received(1000), status("evt_2", 1000, State::ringing)});
  CHECK(call.state == State::ringing);
  CHECK_FALSE(call.duration_s);

  apply(call, make_event("evt_3", EventType::media_started, 3000));
  CHECK(call.state == State::connected);

  apply(call, status("evt_4", 9500, State::ended, R"(,"reason":"completed")"));
  CHECK(call.state == State::ended);
  CHECK(call.created_at == from_millis(1000));
  CHECK(call.connected_at == from_millis(3000));
  CHECK(call.ended_at == from_millis(9500));
  CHECK(call.duration_s == 6);
  CHECK(call.end_reason == "completed");
}

TEST_CASE("a call of which only the end is told was connected for as long as that says") {
  const Call call = fold({received(0), status("evt_2", 9000, State::ended, R"(,"duration":6)")});
  CHECK(call.connected_at == from_millis(3000));
  CHECK_FALSE(fold({received(0), status("evt_2", 9000, State::ended, R"(,"duration":0)")}).connected_at);
  CHECK_FALSE(fold({received(0), status("evt_2", 9000, State::missed, R"(,"duration":6)")}).connected_at);
}

TEST_CASE("the provider's duration is taken before our own") {
  const Call call = fold(
      {received(0), status("evt_2", 1000, State::connected), status("evt_3", 9000, State::ended, R"(,"duration":12)")});
  CHECK(call.duration_s == 12);
}

TEST_CASE("a call that completed without media has ended, not failed") {
  const Call call = fold({received(0), status("evt_2", 0, State::ringing), status("evt_3", 7000, State::ended)});
  CHECK(call.state == State::ended);
  CHECK_FALSE(call.connected_at);
  CHECK(call.duration_s == 0);
}

TEST_CASE("a late event does not move a call backwards") {
  const Call call = fold({received(0), status("evt_2", 5000, State::ended), status("evt_3", 1000, State::ringing)});
  CHECK(call.state == State::ended);
  CHECK(fold({status("a", 2000, State::connected), status("b", 3000, State::ringing)}).state == State::connected);
}

TEST_CASE("a late answer gives a connection time but no second life") {
  const Call call = fold({received(0), status("evt_2", 5000, State::ended), status("evt_3", 1000, State::connected)});
  CHECK(call.state == State::ended);
  CHECK(call.connected_at == from_millis(1000));
  CHECK(call.duration_s == 4);
}

TEST_CASE("an end is never before its connection, whatever the clocks say") {
  const Call call = fold({received(0), status("evt_2", 9400, State::connected), status("evt_3", 9000, State::ended)});
  CHECK(call.connected_at == call.ended_at);
  CHECK(call.duration_s == 0);
}

TEST_CASE("the provider's word about the end refines a command's, and a command's refines the gateway's") {
  const Event gateway = closed("evt_g", 1000, Authority::gateway, State::failed, "timeout-connecting");
  const Event command = closed("evt_c", 2000, Authority::command, State::ended, "ended-by-api");
  const Event provider = status("evt_p", 3000, State::busy, R"(,"reason":"busy")");
  CHECK(fold({gateway, command}).end_reason == "ended-by-api");
  CHECK(fold({command, gateway}).end_reason == "ended-by-api");
  CHECK(fold({provider, command, gateway}).state == State::busy);
  CHECK(fold({gateway, command, provider}).state == State::busy);
}

TEST_CASE("a call that we declined stays declined when the provider calls it busy, unless it completed") {
  const Event refusal = closed("evt_r", 1000, Authority::command, State::declined, "rejected");
  CHECK(fold({refusal, status("evt_p", 2000, State::busy)}).state == State::declined);
  CHECK(fold({refusal, status("evt_p", 2000, State::missed)}).state == State::declined);
  CHECK(fold({refusal, status("evt_p", 2000, State::ended)}).state == State::ended);
}

TEST_CASE("between equal authorities the outcome, then the earlier time, then the smaller id decides") {
  CHECK(fold({status("a", 1000, State::failed), status("b", 2000, State::ended)}).state == State::ended);
  const Event late = status("a", 2000, State::busy, R"(,"reason":"late")");
  const Event early = status("b", 1000, State::busy, R"(,"reason":"early")");
  const Event twin = status("c", 1000, State::busy, R"(,"reason":"twin")");
  CHECK(fold({late, early}).end_reason == "early");
  CHECK(fold({twin, early}).end_reason == "early");
}

TEST_CASE("a connected call is reconnecting while the newest word about its media is a loss") {
  const Event start = make_event("s", EventType::media_started, 1000);
  const Event loss = make_event("l", EventType::call_reconnecting, 2000);
  const Event back = make_event("b", EventType::call_reconnected, 3000);
  CHECK(fold({start, loss}).state == State::reconnecting);
  CHECK(fold({loss, start}).state == State::reconnecting);
  CHECK(fold({start, loss, back}).state == State::connected);
  CHECK(fold({start, back, loss}).state == State::connected);
  CHECK(fold({start, loss, make_event("s2", EventType::media_started, 2500)}).state == State::connected);
  CHECK(fold({status("r", 500, State::ringing), loss}).state == State::ringing);
}

TEST_CASE("a call that was connected has ended, whatever the provider calls it; one that was not, has the word") {
  const Event connected = status("c", 1000, State::connected);
  for (const State word : {State::busy, State::declined, State::missed, State::cancelled}) {
    const Event over = status("e", 2000, word);
    CHECK(fold({over}).state == word);
    CHECK(fold({connected, over}).state == State::ended);
    CHECK(fold({over, connected}).state == State::ended);
  }
  CHECK(fold({connected, status("e", 2000, State::failed)}).state == State::failed);
}

TEST_CASE("the end of media ends the call only when it says so") {
  const Event start = make_event("s", EventType::media_started, 1000);
  CHECK(fold({start, make_event("m", EventType::media_ended, 2000, R"({"callEnds":false,"cause":"stop"})")}).state ==
        State::connected);
  const Call call = fold({start, make_event("m", EventType::media_ended, 4000, R"({"callEnds":true,"cause":"stop"})")});
  CHECK(call.state == State::ended);
  CHECK(call.end_reason == "stop");
  CHECK(call.duration_s == 3);
}

TEST_CASE("the caller and the callee take part from the call's facts and times") {
  const Call call = fold({received(1000), status("c", 2000, State::connected), status("e", 5000, State::ended)});
  REQUIRE(call.participants.size() == 2);
  CHECK(call.participants[0].id == "caller");
  CHECK(call.participants[0].address == "+14155550100");
  CHECK(call.participants[0].joined_at == from_millis(1000));
  CHECK(call.participants[0].left_at == from_millis(5000));
  CHECK(call.participants[1].role == "callee");
  CHECK(call.participants[1].joined_at == from_millis(2000));
  CHECK(call.participants[1].left_at == from_millis(5000));

  const Call missed = fold({received(1000), status("e", 5000, State::missed)});
  CHECK_FALSE(missed.participants[1].joined_at);
  CHECK_FALSE(missed.participants[1].left_at);
}

TEST_CASE("the arrival that chose a route decides the facts, not an earlier status callback") {
  Event heard_of = received(500, "");
  heard_of.id = "evt_0";
  CHECK(fold({heard_of, received(1000, "sales")}).route == "sales");
  CHECK(fold({received(1000, "sales"), heard_of}).route == "sales");
}

Event roster(std::string id, std::int64_t ms, int sequence, const std::string& members) {
  return make_event(std::move(id), EventType::participants_changed, ms,
                    R"({"sequence":)" + std::to_string(sequence) + R"(,"participants":[)" + members + "]}");
}

const std::string caller_listed = R"({"id":"4:+14155550100","address":"+14155550100"})";
const std::string guest_listed = R"({"id":"8:acs:guest","address":"8:acs:guest"})";

TEST_CASE("whom the provider lists takes part from his first list to the first without him") {
  const Call call = fold({received(0), status("c", 1000, State::connected), roster("r1", 1000, 1, caller_listed),
                          roster("r2", 2000, 2, caller_listed + "," + guest_listed),
                          roster("r3", 5000, 4, caller_listed), roster("r4", 9000, 5, caller_listed)});
  REQUIRE(call.participants.size() == 3);
  const Participant& guest = call.participants.back();
  CHECK(guest.id == "8:acs:guest");
  CHECK(guest.role == "participant");
  CHECK(guest.joined_at == from_millis(2000));
  CHECK(guest.left_at == from_millis(5000));
  CHECK(call.participants.front().left_at == std::nullopt);
}

TEST_CASE("a list that comes late does not bring anybody back") {
  const Call call = fold({received(0), roster("r3", 5000, 3, guest_listed), roster("r1", 1000, 1, caller_listed)});
  CHECK(call.participants.front().id == "caller");
  CHECK(call.participants.front().left_at == from_millis(5000));
}

TEST_CASE("names that the provider gives later stand beside what the arrival said") {
  const Call call =
      fold({received(0), status("c", 1000, State::connected, R"(,"names":{"callConnectionId":"c1","bad":7})")});
  CHECK(call.metadata == std::map<std::string, std::string>{{"FromCity", "Oslo"}, {"callConnectionId", "c1"}});
}

TEST_CASE("malformed data changes nothing but the version") {
  const Call before = fold({received(1000), status("r", 1000, State::ringing)});
  for (const Event& event :
       {make_event("x", EventType::call_status, 10, "nonsense"),
        make_event("x", EventType::call_status, 10, R"({"status":"ASLEEP"})"),
        make_event("x", EventType::call_status, 10, R"(["ENDED"])"),
        make_event("x", EventType::call_closed, 10, R"({"authority":"nobody"})"),
        make_event("x", EventType::call_closed, 10, R"({"authority":"command","state":"RINGING"})"),
        make_event("x", EventType::media_ended, 10, R"({"callEnds":"yes"})"),
        make_event("x", EventType::participants_changed, 10, R"({"sequence":"1","participants":[]})"),
        make_event("x", EventType::participants_changed, 10, R"({"sequence":1})"),
        make_event("x", EventType::call_received, 10, R"({"direction":"sideways"})")}) {
    Call call = before;
    Event stored = event;
    stored.version = 7;
    apply(call, stored);
    CHECK(call.version == 7);
    call.version = before.version;
    CHECK(to_snapshot(call) == to_snapshot(before));
  }
}

TEST_CASE("what happens in a call does not move it") {
  const Call before = fold({received(1000), status("r", 1000, State::ringing)});
  Call call = before;
  apply(call, make_event("d", EventType::dtmf_received, 10, R"({"digit":"1"})"));
  apply(call, make_event("t", EventType::transcript_segment, 10, R"({"text":"yes"})"));
  CHECK(to_json_text(call) == to_json_text(before));
}

TEST_CASE("every word of Twilio has its state, and a foreign one has none") {
  const std::pair<const char*, State> words[] = {{"queued", State::initiating},  {"initiated", State::initiating},
                                                 {"ringing", State::ringing},    {"in-progress", State::connected},
                                                 {"answered", State::connected}, {"completed", State::ended},
                                                 {"busy", State::busy},          {"failed", State::failed},
                                                 {"no-answer", State::missed},   {"canceled", State::cancelled}};
  for (const auto& [word, state] : words) {
    const auto mapped = map_twilio_status(word);
    REQUIRE(mapped);
    CHECK(mapped->state == state);
    CHECK(mapped->reason == (is_terminal(state) ? std::string_view(word) : std::string_view()));
  }
  CHECK_FALSE(map_twilio_status("Completed"));
}

}  // namespace
}  // namespace trunkline::calls
