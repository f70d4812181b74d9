#include "service_fixture.hpp"

namespace trunkline::calls {
namespace {

using namespace test;

TEST_CASE("callbacks take a call from ringing to its end") {
  Fixture fixture;
  const std::string id = fixture.arrive("CA1").call_id;
  fixture.clock.advance(milliseconds(2000));
  REQUIRE(fixture.report("CA1", "s1", State::connected).has_value());
  CHECK(fixture.find(id).state == State::connected);
  fixture.clock.advance(milliseconds(5000));
  REQUIRE(fixture.report("CA1", "s2", State::ended, R"(,"reason":"completed","duration":6)").has_value());
  const Call call = fixture.find(id);
  CHECK(call.state == State::ended);
  CHECK(call.duration_s == 6);
  CHECK(call.end_reason == "completed");
  CHECK(call.ended_at == fixture.clock.wall());
}

TEST_CASE("ringing that comes after completed is kept in the log and moves nothing") {
  Fixture fixture;
  const std::string id = fixture.arrive("CA1").call_id;
  REQUIRE(fixture.report("CA1", "s3", State::ended).has_value());
  REQUIRE(fixture.report("CA1", "s1", State::ringing).has_value());
  const Call call = fixture.find(id);
  CHECK(call.state == State::ended);
  CHECK(call.version == 4);
  const auto told = fixture.observer.told();
  CHECK(told.back().event.version == 4);
  CHECK(told.back().previous == State::ended);
  CHECK(told.back().state == State::ended);
}

TEST_CASE("the same callback again changes nothing") {
  Fixture fixture;
  const std::string id = fixture.arrive("CA1").call_id;
  CHECK_FALSE(fixture.report("CA1", "s1", State::connected).value().repeated);
  CHECK(fixture.report("CA1", "s1", State::connected).value().repeated);
  CHECK(fixture.find(id).version == 3);
  CHECK(fixture.observer.told().size() == 3);
}

TEST_CASE("a callback about an unknown call makes the call") {
  Fixture fixture;
  REQUIRE(fixture.report("CA9", "s1", State::missed, R"(,"reason":"no-answer")").has_value());
  const auto call = run(fixture.service->find_by_provider_id("twilio", "CA9"));
  REQUIRE(call.has_value());
  CHECK(call->state == State::missed);
  CHECK(call->to == "+14155550199");
  CHECK(call->created_at == fixture.clock.wall());
  CHECK(call->version == 2);
}

TEST_CASE("when a call was made is never changed, and nothing happens to it before that") {
  Fixture fixture;
  const std::string id = fixture.arrive("CA1").call_id;
  const WallTime made = fixture.clock.wall();
  StatusUpdate early;
  early.inbox_key = "s1";
  early.provider = "twilio";
  early.provider_call_id = "CA1";
  early.at = from_millis(0);
  early.data = R"({"status":"CONNECTED"})";
  CHECK(run(fixture.service->update(early)).value().call_id == id);
  early.inbox_key = "s2";
  early.data = R"({"status":"ENDED"})";
  CHECK(run(fixture.service->update(early)).value().call_id == id);
  const Call call = fixture.find(id);
  CHECK(call.created_at == made);
  CHECK(call.connected_at == made);
  CHECK(call.ended_at == made);
  CHECK(call.duration_s == 0);
}

TEST_CASE("callbacks that come in between do not move calls from page to page") {
  Fixture fixture;
  for (const char* sid : {"CA1", "CA2", "CA3", "CA4"}) {
    fixture.arrive(sid);
    fixture.clock.advance(milliseconds(100));
  }
  CallFilter filter;
  filter.limit = 2;
  const auto first = run(fixture.service->list(filter)).value();
  for (const auto& call : first.data) {
    StatusUpdate ringing;
    ringing.inbox_key = call.id;
    ringing.provider = "twilio";
    ringing.provider_call_id = call.provider_call_id;
    ringing.at = call.created_at - milliseconds(700);
    ringing.data = R"({"status":"RINGING"})";
    REQUIRE(run(fixture.service->update(ringing)).has_value());
  }
  filter.cursor = first.next_cursor;
  const auto second = run(fixture.service->list(filter)).value();
  REQUIRE(second.data.size() == 2);
  CHECK(second.data[0].provider_call_id == "CA2");
  CHECK(second.data[1].provider_call_id == "CA1");
}

TEST_CASE("a call that a callback makes keeps what it says beside") {
  Fixture fixture;
  StatusUpdate leg;
  leg.inbox_key = "s1";
  leg.provider = "twilio";
  leg.provider_call_id = "CA2";
  leg.metadata = {{"ParentCallSid", "CA1"}};
  leg.at = fixture.clock.wall();
  leg.data = R"({"status":"RINGING"})";
  const auto id = run(fixture.service->update(leg));
  REQUIRE(id.has_value());
  CHECK(fixture.find(id->call_id).metadata.at("ParentCallSid") == "CA1");
}

TEST_CASE("data that is no JSON object is refused before it is stored") {
  Fixture fixture;
  const std::string id = fixture.arrive("CA1").call_id;
  for (const std::string& data : {std::string("[1]"), std::string("{"), std::string(), std::string("{\"a\":\"\xff\"}"),
                                  "{\"a\":\"" + std::string(70'000, 'x') + "\"}"}) {
    const auto refused = run(fixture.service->append(id, EventType::dtmf_received, data));
    REQUIRE(refused.has_error());
    CHECK(refused.error().code == "invalid_event");
  }
  CHECK(fixture.find(id).version == 2);
}

TEST_CASE("an appended event comes back with its place and the call's state") {
  Fixture fixture;
  const std::string id = fixture.arrive("CA1").call_id;
  const auto event = run(fixture.service->append(id, EventType::dtmf_received, R"({"digit":"5"})"));
  REQUIRE(event.has_value());
  CHECK(event->version == 3);
  CHECK(event->state == State::ringing);
  CHECK(event->call_id == id);
  const auto unknown = run(fixture.service->append("call_none", EventType::dtmf_received, "{}"));
  REQUIRE(unknown.has_error());
  CHECK(unknown.error().code == "call_not_found");
}

TEST_CASE("a transcript segment is stored once, however often it is reported") {
  Fixture fixture;
  const std::string id = fixture.arrive("CA1").call_id;
  const std::string data = R"({"segmentId":"seg_1","track":"inbound","startMs":20,"endMs":900,"text":"yes please",)"
                           R"("confidence":0.75,"engine":"embedded","language":"en-US"})";
  REQUIRE(run(fixture.service->append(id, EventType::transcript_segment, data)).has_value());
  REQUIRE(run(fixture.service->append(id, EventType::transcript_segment, data)).has_value());
  const auto rows =
      fixture.database->read_blocking<std::vector<store::Row>>([](store::Sql& sql) -> Result<std::vector<store::Row>> {
        return sql.query("SELECT call_id, track, start_ms, end_ms, text, confidence, engine FROM transcript_segments");
      });
  REQUIRE(rows.has_value());
  REQUIRE(rows->size() == 1);
  const store::Row& row = rows->front();
  CHECK(row.text(0) == id);
  CHECK(row.integer(2) == 20);
  CHECK(row.integer(3) == 900);
  CHECK(row.text(4) == "yes please");
  CHECK(row.real(5) == 0.75);
}

}  // namespace
}  // namespace trunkline::calls
