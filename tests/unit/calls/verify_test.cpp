#include "service_fixture.hpp"

#include <trunkline/calls/verify.hpp>

#include <algorithm>
#include <ostream>
#include <string>
#include <vector>

namespace trunkline::calls {
namespace {

using namespace test;

/// Two calls: CA1 is over, was recorded and transcribed; CA2 rings.
struct Verified : Fixture {
  Verified() {
    tell(EventType::transcript_segment, R"({"segmentId":"seg_1","track":"inbound","text":"yes"})");
    tell(EventType::recording_completed, R"({"recordingId":")" + recording + R"(","durationMs":1000})");
    clock.advance(std::chrono::seconds(9));
    REQUIRE(report("CA1", "key-1", State::ended).has_value());
    arrive("CA2");
    REQUIRE(run(service->number_events()).has_value());
  }

  Admitted call = arrive("CA1");
  std::string recording =
      run(service->start_media({call.call_id, "CA1", call.token, "MZ1", true, "{}"})).value().recording_id;

  void tell(EventType type, const std::string& data) {
    REQUIRE(run(service->append(call.call_id, type, data)).has_value());
  }
  void damage(const std::string& statement) {
    const auto changed = store::test::execute(*database, statement);
    REQUIRE(changed);
    REQUIRE(*changed == 1);
  }
  VerifyReport verify() {
    auto report = verify_calls(*database);
    REQUIRE(report);
    return std::move(*report);
  }
};

bool names(const VerifyReport& report, const std::string& what, const std::string& expected, const std::string& found) {
  return std::ranges::any_of(report.differences, [&](const Difference& difference) {
    return difference.what == what && difference.expected == expected && difference.found == found &&
           !difference.id.empty();
  });
}

std::string listed(const VerifyReport& report) {
  std::string text;
  for (const auto& [what, id, expected, found] : report.differences) {
    text.append(what).append(" ").append(id).append(": ").append(expected).append(" / ").append(found).append("\n");
  }
  return text;
}

TEST_CASE_METHOD(Verified, "what the service stored agrees, numbered or not") {
  CHECK(listed(verify()).empty());
  arrive("CA3");
  const auto report = verify();
  CHECK(report.agrees());
  CHECK(report.calls == 3);
  CHECK(report.events == count("call_events"));
  CHECK(report.recordings == 1);
  CHECK(report.segments == 1);
}

TEST_CASE("an empty database agrees") {
  Fixture fixture;
  const auto report = verify_calls(*fixture.database);
  REQUIRE(report);
  CHECK(report->agrees());
  CHECK(report->calls == 0);
}

struct Damage {
  std::string statement;  ///< changes one row
  std::string what;
  std::string expected;
  std::string found;
};

std::ostream& operator<<(std::ostream& out, const Damage& damage) {
  return out << damage.statement;
}

const std::string first_call = "(SELECT id FROM calls WHERE provider_call_id = 'CA1')";
const std::string its_last_event =
    "(SELECT MAX(ordinal) FROM call_events WHERE call_id IN " + first_call + " AND version = 6)";

std::vector<Damage> damages() {
  const std::string column = " WHERE provider_call_id = 'CA1'";
  const std::string event = " WHERE call_id IN " + first_call + " AND version = ";
  return {
      {"UPDATE calls SET state = 'RINGING'" + column, "call.state", "ENDED", "RINGING"},
      {"UPDATE calls SET terminal = 0" + column, "call.terminal", "1", "0"},
      {"UPDATE calls SET duration_s = 77" + column, "call.duration_s", "9", "77"},
      {"UPDATE calls SET end_reason = 'no reason'" + column, "call.end_reason", "", "no reason"},
      {"UPDATE calls SET version = 7" + column, "call.version", "6", "7"},
      {"UPDATE calls SET node = 'node_9'" + column, "call.node", "node_1", "node_9"},
      {"UPDATE calls SET ended_by = 'gateway'" + column, "call.ended_by", "provider", "gateway"},
      {"UPDATE calls SET direction = 'outbound'" + column, "call.direction", "inbound", "outbound"},
      {"UPDATE calls SET from_address = '+14155550177'" + column, "call.from_address", "+1415*****00", "+1415*****77"},
      {"UPDATE calls SET ended_at = 5" + column, "call.ended_at", "", "5"},
      {"UPDATE calls SET connected_at = 5" + column, "call.connected_at", "", "5"},
      {"UPDATE calls SET created_at = 5" + column, "call.created_at", "", "5"},
      {"UPDATE calls SET snapshot = '{}'" + column, "call.snapshot", "a snapshot", "what cannot be read"},
      {"UPDATE calls SET snapshot = REPLACE(snapshot, '\"version\":6', '\"version\":5')" + column, "call.snapshot",
       "what the events say", "other values of /version"},
      {"DELETE FROM call_events" + event + "6", "call.state", "CONNECTED", "ENDED"},
      {"DELETE FROM call_events" + event + "3", "event.version", "3", "4"},
      {"UPDATE call_events SET version = 9" + event + "6", "event.version", "6", "9"},
      {"UPDATE call_events SET state = 'BUSY'" + event + "6", "event.state", "ENDED", "BUSY"},
      {"UPDATE call_events SET type = 'call.lost'" + event + "5", "event.type", "a type of events", "call.lost"},
      {"DELETE FROM call_events" + event + "5", "recording.state", "recording", "completed"},
      {"DELETE FROM call_events" + event + "4", "segment.event", "an event that tells it", "nothing"},
      {"DELETE FROM transcript_segments", "segment.row", "the segment that an event tells", "nothing"},
      {"DELETE FROM call_recordings", "recording.row", "completed", "nothing"},
      {"UPDATE call_recordings SET state = 'failed'", "recording.state", "completed", "failed"},
      {"DELETE FROM event_log WHERE ordinal IN " + its_last_event, "event.number",
       "a place in the log, or one in the outbox", "neither"},
      {"DELETE FROM event_log WHERE ordinal IN " + its_last_event, "log.gap", "6", "7"},
      {"INSERT INTO outbox (ordinal) SELECT ordinal FROM event_log WHERE seq = 3", "event.number",
       "a place in the log, or one in the outbox", "both"},
      {"UPDATE event_log SET seq = 99 WHERE seq = 2", "event.order", "a place after 99", "3"},
      {"INSERT INTO event_log (seq, ordinal) VALUES (9, 1000000)", "log.event", "an event", "nothing"},
      {"INSERT INTO outbox (ordinal) VALUES (1000000)", "outbox.event", "an event", "nothing"},
  };
}

TEST_CASE("each damage is named") {
  const auto damage = GENERATE(from_range(damages()));
  Verified fixture;
  INFO(damage);
  fixture.damage(damage.statement);
  auto report = fixture.verify();
  CHECK_FALSE(report.agrees());
  INFO(listed(report));
  // Times and generated ids are not known here: an empty expectation is any.
  for (Difference& difference : report.differences) {
    if (damage.expected.empty() && difference.what == damage.what && difference.expected != damage.found)
      difference.expected.clear();
  }
  CHECK(names(report, damage.what, damage.expected, damage.found));
}

/// What is wrong for the first that reads is put right before the second does.
class MendedDatabase final : public store::test::WrappedDatabase {
 public:
  MendedDatabase(store::Database& inner, std::string mend) : WrappedDatabase(inner), mend_(std::move(mend)) {}

 private:
  void submit(Access access, std::function<Result<>(store::Sql&)> work, std::function<void(Result<>)> done) override {
    auto read = pass(access, std::move(work));
    if (!std::exchange(mended_, true)) REQUIRE(store::test::execute(inner(), mend_));
    done(std::move(read));
  }

  const std::string mend_;
  bool mended_ = false;
};

TEST_CASE_METHOD(Verified, "what differs is looked at once more before it is said") {
  damage("UPDATE calls SET end_reason = 'no reason' WHERE provider_call_id = 'CA1'");
  CHECK(verify().found == 1);
  MendedDatabase mended(*database, "UPDATE calls SET end_reason = '' WHERE provider_call_id = 'CA1'");
  CHECK(listed(verify_calls(mended).value()).empty());
}

TEST_CASE_METHOD(Verified, "an event may not have its place before the one before it") {
  damage("INSERT INTO outbox (ordinal) SELECT ordinal FROM event_log WHERE seq = 5");
  damage("DELETE FROM event_log WHERE seq = 5");
  const auto report = verify();
  INFO(listed(report));
  CHECK(names(report, "event.order", "no place before the version before it has one", "6"));
}

TEST_CASE_METHOD(Verified, "many calls, and many events of one, are read in pages") {
  for (int i = 0; i < 250; ++i) arrive("CB" + std::to_string(i));
  for (int i = 0; i < 1'200; ++i) service->append_later(call.call_id, EventType::dtmf_received, "{}");
  observer.wait_for(6 + 2 + 500 + 1'200);
  auto report = verify();
  CHECK(listed(report).empty());
  CHECK(report.calls == 252);
  CHECK(report.events == 1'708);
  REQUIRE(store::test::execute(*database, "UPDATE calls SET version = version + 1"));
  report = verify();
  CHECK(report.found == 252);
  CHECK(report.differences.size() == 252);
}

TEST_CASE("of very many differences the first are kept and all are counted") {
  VerifyReport part;
  for (int i = 0; i < 1'500; ++i) part.add({"call.state", std::to_string(i), "", ""});
  VerifyReport whole;
  whole.add({"call.state", "", "", ""});
  whole.add(std::move(part));
  CHECK(whole.found == 1'501);
  CHECK(whole.differences.size() == VerifyReport::max_kept);
}

}  // namespace
}  // namespace trunkline::calls
