#include "events.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

namespace trunkline::calls {
namespace {

using namespace test;
using nlohmann::json;

TEST_CASE("a running call is shown with null for what is not known yet") {
  const json shown = json::parse(to_json_text(fold({received(1000), status("r", 1000, State::ringing)})));
  CHECK(shown == json::parse(R"({
    "callId": "call_1", "provider": "twilio", "providerCallId": "CA1", "direction": "inbound", "state": "RINGING",
    "from": "+14155550100", "to": "+14155550199", "createdAt": "1970-01-01T00:00:01.000Z",
    "connectedAt": null, "endedAt": null, "duration": null, "endReason": null,
    "participants": [
      {"participantId": "caller", "address": "+14155550100", "role": "caller",
       "joinedAt": "1970-01-01T00:00:01.000Z", "leftAt": null},
      {"participantId": "callee", "address": "+14155550199", "role": "callee", "joinedAt": null, "leftAt": null}],
    "metadata": {"FromCity": "Oslo"}, "route": "default", "node": null, "version": 1})"));
}

TEST_CASE("an ended call is shown with its times, seconds and reason") {
  const json shown = json::parse(to_json_text(fold({received(1000), status("c", 2000, State::connected),
                                                    status("e", 5250, State::ended, R"(,"reason":"completed")")})));
  CHECK(shown["connectedAt"] == "1970-01-01T00:00:02.000Z");
  CHECK(shown["endedAt"] == "1970-01-01T00:00:05.250Z");
  CHECK(shown["duration"] == 3);
  CHECK(shown["endReason"] == "completed");
}

TEST_CASE("an event is shown with its data as an object") {
  Event event = make_event("evt_1", EventType::dtmf_received, 1500, R"({"digit":"7"})");
  event.seq = 12;
  event.version = 3;
  event.state = State::connected;
  CHECK(to_json_text(event) == R"({"id":"evt_1","seq":12,"callId":"call_1","version":3,"type":"dtmf.received",)"
                               R"("at":"1970-01-01T00:00:01.500Z","state":"CONNECTED","data":{"digit":"7"}})");
}

TEST_CASE("text that is not UTF-8 is shown with replacement characters") {
  Call call;
  call.from = "caf\xe9";
  CHECK(json::parse(to_json_text(call))["from"] == "caf\xef\xbf\xbd");
}

TEST_CASE("a snapshot keeps whatever texts a call has") {
  Call call = fold({received(0)});
  call.merge.facts->from = "caf\xc3\xa9 \"\\\n\t\x01\x7f/";
  call.merge.facts->metadata = {{"", "empty"}, {"a\"b", "{}"}};
  const auto read = from_snapshot(to_snapshot(call));
  REQUIRE(read.has_value());
  CHECK(read->merge.facts->from == call.merge.facts->from);
  CHECK(read->merge.facts->metadata == call.merge.facts->metadata);
  CHECK(to_snapshot(*read) == to_snapshot(call));
}

TEST_CASE("a snapshot keeps the names and the lists that the provider gave") {
  const Call call =
      fold({received(0), status("c", 1000, State::connected, R"(,"names":{"serverCallId":"s1"})"),
            make_event("r1", EventType::participants_changed, 1000,
                       R"({"sequence":1,"participants":[{"id":"8:acs:guest","address":"8:acs:guest"}]})"),
            make_event("r2", EventType::participants_changed, 2000, R"({"sequence":2,"participants":[]})")});
  const auto read = from_snapshot(to_snapshot(call));
  REQUIRE(read.has_value());
  CHECK(to_json_text(*read) == to_json_text(call));
  CHECK(to_snapshot(*read) == to_snapshot(call));
}

TEST_CASE("a damaged snapshot is an error, not a call") {
  for (const char* text : {"", "{}", "[1]", R"({"id":1})"}) {
    const auto call = from_snapshot(text);
    REQUIRE(call.has_error());
    CHECK(call.error().code == "store_failed");
  }
  std::string snapshot = to_snapshot(fold({received(0)}));
  snapshot.replace(snapshot.find("inbound"), 7, "sideway");
  CHECK(from_snapshot(snapshot).has_error());
}

TEST_CASE("every name of a state, direction, authority and event type is read back") {
  for (int i = 0; i <= static_cast<int>(State::cancelled); ++i) {
    CHECK(parse_state(to_string(static_cast<State>(i))) == static_cast<State>(i));
  }
  for (int i = 0; i <= static_cast<int>(EventType::quality_summary); ++i) {
    CHECK(parse_event_type(to_string(static_cast<EventType>(i))) == static_cast<EventType>(i));
  }
  for (const Direction direction : {Direction::inbound, Direction::outbound}) {
    CHECK(parse_direction(to_string(direction)) == direction);
  }
  for (const Authority authority : {Authority::gateway, Authority::command, Authority::provider}) {
    CHECK(parse_authority(to_string(authority)) == authority);
  }
  CHECK(to_string(EventType::transcript_segment) == "transcript.segment");
  CHECK_FALSE(parse_state("ringing"));
  CHECK_FALSE(parse_event_type("call.unknown"));
}

}  // namespace
}  // namespace trunkline::calls
