#include "service_fixture.hpp"

#include <trunkline/calls/call_records.hpp>
#include <trunkline/store/migrations.hpp>

#include <nlohmann/json.hpp>

// What stands in the tables beside the log, for those who ask in SQL.
namespace trunkline::calls {
namespace {

using namespace test;
using namespace std::chrono_literals;

struct Records : Fixture {
  Admitted call = arrive("CA1");

  void sql(const std::string& statement) { REQUIRE(store::test::execute(*database, statement).has_value()); }
  std::int64_t number(const std::string& query) { return store::test::integer_of(*database, "SELECT " + query); }
  std::int64_t participants(const std::string& condition) { return count("call_participants WHERE " + condition); }
  void tell(EventType type, const std::string& data) {
    REQUIRE(run(service->append(call.call_id, type, data)).has_value());
  }
  std::vector<QualityMetrics> quality() { return run(service->quality_of(call.call_id)).value(); }
};

const std::string summary =
    R"({"score":"fair","tracks":{"inbound":{"score":"fair","frames":500,"gaps":2,"late":3,"lostMs":40,)"
    R"("lossPercent":2.5,"latePercent":0.5,"jitterMs":12.25,"levelDb":-21.5},)"
    R"("outbound":{"score":"excellent","frames":480,"gaps":0,"late":0,"lostMs":0,"jitterMs":1,"levelDb":-20}}})";

TEST_CASE_METHOD(Records, "those who take part have rows, with their times as the call goes on") {
  CHECK(participants("id = 'caller' AND address = '+14155550100' AND joined_at IS NOT NULL AND left_at IS NULL") == 1);
  CHECK(participants("id = 'callee' AND address = '+14155550199' AND joined_at IS NULL") == 1);
  clock.advance(10s);
  REQUIRE(report("CA1", "answered", State::connected).has_value());
  CHECK(participants("id = 'callee' AND joined_at = " + std::to_string(to_millis(clock.wall()))) == 1);
  clock.advance(61s);
  REQUIRE(report("CA1", "over", State::ended).has_value());
  CHECK(participants("id = 'caller' AND duration_s = 71") == 1);
  CHECK(participants("id = 'callee' AND duration_s = 61") == 1);
}

TEST_CASE_METHOD(Records, "a callback that changes nobody writes nobody") {
  sql("UPDATE call_participants SET role = 'seen'");
  clock.advance(1s);
  REQUIRE(report("CA1", "ringing", State::ringing).has_value());
  CHECK(participants("role = 'seen'") == 2);
  REQUIRE(report("CA1", "answered", State::connected).has_value());
  CHECK(participants("id = 'caller' AND role = 'seen'") == 1);
  CHECK(participants("id = 'callee' AND role = 'callee'") == 1);
}

TEST_CASE_METHOD(Records, "an end that comes to be known better moves the durations along") {
  REQUIRE(report("CA1", "answered", State::connected).has_value());
  clock.advance(5s);
  tell(EventType::call_closed, R"({"authority":"gateway","reason":"timeout"})");
  CHECK(participants("duration_s = 5") == 2);
  clock.advance(3s);
  REQUIRE(report("CA1", "over", State::ended).has_value());
  CHECK(participants("duration_s = 8") == 2);
}

TEST_CASE_METHOD(Records, "a summary of quality becomes a row a track, of whom it sounded like that") {
  tell(EventType::quality_summary, summary);
  const auto rows = quality();
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].kind == "summary");
  CHECK(rows[0].track == "inbound");
  CHECK(rows[0].participant_id == "caller");
  CHECK(rows[0].recorded_at == clock.wall());
  CHECK(rows[0].quality == "fair");
  CHECK(rows[0].score == 2);
  CHECK(rows[0].jitter_ms == 12.25);
  CHECK(rows[0].packet_loss == 2.5);
  CHECK(rows[0].late_percent == 0.5);
  CHECK(rows[0].frames == 500);
  CHECK(rows[0].lost_ms == 40);
  CHECK(rows[0].gaps == 2);
  CHECK(rows[0].late == 3);
  CHECK(rows[0].level_db == -21.5);
  CHECK_FALSE(rows[0].round_trip_ms.has_value());
  CHECK(rows[1].track == "outbound");
  CHECK(rows[1].participant_id == "callee");
  CHECK(rows[1].score == 4);
  CHECK_FALSE(rows[1].packet_loss.has_value());
}

TEST_CASE_METHOD(Records, "a further participant's track has rows, too, which name nobody") {
  tell(EventType::quality_summary, R"({"score":"good","tracks":{"inbound-3":{"score":"good","frames":7}}})");
  const auto rows = quality();
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].track == "inbound-3");
  CHECK(rows[0].participant_id.empty());
  CHECK(rows[0].frames == 7);
}

TEST_CASE_METHOD(Records, "an alert becomes a row with its value where it belongs") {
  tell(EventType::quality_alert, R"({"track":"inbound","metric":"jitter","value":71.5,"threshold":60,"atMs":5000})");
  const auto rows = quality();
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].kind == "alert");
  CHECK(rows[0].metric == "jitter");
  CHECK(rows[0].threshold == 60);
  CHECK(rows[0].jitter_ms == 71.5);
  CHECK_FALSE(rows[0].packet_loss.has_value());
  CHECK(rows[0].quality.empty());
}

TEST_CASE_METHOD(Records, "quality without sense makes no row, and no other call's is shown") {
  tell(EventType::quality_summary, R"({"score":"fair","tracks":"none"})");
  tell(EventType::quality_alert, R"({"metric":"jitter"})");
  CHECK(quality().empty());
  tell(EventType::quality_summary, summary);
  call = arrive("CA2");
  CHECK(quality().empty());
  CHECK(run(service->quality_of("call_unknown")).error().code == "call_not_found");
}

TEST_CASE_METHOD(Records, "the JSON of a row has every member, null where nothing was measured") {
  tell(EventType::quality_alert, R"({"track":"outbound","metric":"loss","value":3,"threshold":2,"atMs":5000})");
  const auto json = nlohmann::json::parse(to_json_text(quality().at(0)));
  CHECK(json.size() == 22);
  CHECK(json["packetLoss"] == 3.0);
  CHECK(json["quality"].is_null());
  CHECK(json["fps"].is_null());
}

TEST_CASE_METHOD(Records, "updated_at moves when something is stored in a call, not when it is only looked at") {
  const auto updated = [&] { return number("updated_at FROM calls WHERE id = '" + call.call_id + "'"); };
  const auto arrived = to_millis(clock.wall());
  CHECK(updated() == arrived);
  clock.advance(1min);
  const auto lives = [](const std::string&) { return true; };
  REQUIRE(run(service->reap(0, {.ringing_timeout = 30s}, lives)).has_value());
  CHECK(number("touched_at FROM calls") == arrived + 60'000);
  CHECK(updated() == arrived);
  tell(EventType::dtmf_received, R"({"digit":"1"})");
  CHECK(updated() == arrived + 60'000);
}

TEST_CASE_METHOD(Records, "a statement that leaves updated_at alone has it filled in") {
  const auto token = call.token;
  REQUIRE(run(service->start_media({call.call_id, "CA1", token, "MZ1", true, "{}"})).has_value());
  const std::string now = std::to_string(to_millis(system_clock().wall()) - 60'000);
  for (const std::string table : {"calls", "call_participants", "call_recordings", "call_invitations"}) {
    CAPTURE(table);
    if (table == "call_invitations") {
      sql("INSERT INTO call_invitations (id, call_id, inviter, invitee, state, created_at, expires_at, updated_at) "
          "VALUES ('inv_1', '" +
          call.call_id + "', 'a', 'b', 'pending', 1, 2, 1)");
    }
    sql("UPDATE " + table + " SET updated_at = 1");
    CHECK(count(table + " WHERE updated_at = 1") == count(table));
    const std::string column = table == "call_participants" ? "role = role" : "state = state";
    sql("UPDATE " + table + " SET " + column);
    CHECK(count(table + " WHERE updated_at > " + now) == count(table));
  }
}

TEST_CASE_METHOD(Records, "durations that a statement leaves out are filled in, those that it gives stay") {
  sql("UPDATE calls SET ended_at = created_at + 12999");
  CHECK(number("duration_s FROM calls") == 12);
  sql("UPDATE calls SET connected_at = created_at + 2000, ended_at = created_at + 12999, duration_s = NULL");
  CHECK(number("duration_s FROM calls") == 10);
  sql("UPDATE calls SET ended_at = created_at + 20000, duration_s = 7");
  CHECK(number("duration_s FROM calls") == 7);

  sql("UPDATE call_participants SET left_at = joined_at + 5500 WHERE id = 'caller'");
  CHECK(number("duration_s FROM call_participants WHERE id = 'caller'") == 5);
  sql("INSERT INTO call_participants (call_id, id, address, role, joined_at, left_at, created_at, updated_at) VALUES "
      "('" +
      call.call_id + "', 'third', '', 'guest', 5000, 4000, 1, 1)");
  CHECK(number("duration_s FROM call_participants WHERE id = 'third'") == 0);
  CHECK(number("updated_at FROM call_participants WHERE id = 'third'") == 1);
}

TEST_CASE_METHOD(Records, "a recording of whose file nothing is known lasts from its start to its end") {
  const auto grant = run(service->start_media({call.call_id, "CA1", call.token, "MZ1", true, "{}"})).value();
  clock.advance(4s);
  SECTION("nothing is known") {
    tell(EventType::recording_completed, R"({"recordingId":")" + grant.recording_id + "\"}");
    CHECK(number("duration_ms FROM call_recordings") == 4'000);
  }
  SECTION("it is empty") {
    tell(EventType::recording_completed,
         R"({"recordingId":")" + grant.recording_id + R"(","durationMs":0,"sizeBytes":44})");
    CHECK(number("duration_ms FROM call_recordings") == 0);
  }
}

TEST_CASE_METHOD(Records, "the views show who talks now and who talked") {
  const std::string here = " WHERE id = '" + call.call_id + "'";
  CHECK(number("participant_count FROM active_calls" + here) == 1);
  REQUIRE(run(service->start_media({call.call_id, "CA1", call.token, "MZ1", true, "{}"})).has_value());
  CHECK(number("participant_count FROM active_calls" + here) == 2);
  CHECK(count("call_history") == 0);
  sql("UPDATE call_participants SET user_id = 'user_' || id");
  clock.advance(30s);
  REQUIRE(report("CA1", "over", State::ended).has_value());
  CHECK(count("active_calls") == 0);
  CHECK(number("duration_s FROM call_history" + here) == 30);
  CHECK(count("call_history WHERE participant_count = 2 AND recording_count = 1 AND caller_user_id = 'user_caller' AND "
              "callee_user_id = 'user_callee'") == 1);
}

/// A database as the release before had it.
struct Older {
  store::test::AnyDatabase home;
  std::unique_ptr<store::Database> database = home.open_empty();
  std::span<const store::Migration> all = store::migrations_for(*database);

  std::int64_t number(const std::string& query) { return store::test::integer_of(*database, "SELECT " + query); }
};

TEST_CASE_METHOD(Older, "recordings and calls of an older database are kept, and those who took part are known") {
  REQUIRE(store::migrate(*database, all.first(2)));
  REQUIRE(database->write_blocking<void>([](store::Sql& sql) -> Result<> {
    sql.script(
        "INSERT INTO calls (id, provider, provider_call_id, direction, state, terminal, from_address, to_address, "
        "created_at, connected_at, ended_at, duration_s, end_reason, version, touched_at, snapshot) VALUES "
        "('call_1', 'twilio', 'CA1', 'inbound', 'ENDED', 1, '+1', '+2', 1000, 3000, 9000, 6, 'completed', 4, 9500, "
        "'{\"merge\":{\"end\":{\"authority\":\"gateway\"}}}'),"
        "('call_2', 'twilio', 'CA2', 'inbound', 'RINGING', 0, '+1', '+2', 1000, NULL, NULL, NULL, '', 2, 1500, '{}');"
        "INSERT INTO recordings (id, call_id, state, path, started_at, completed_at, duration_ms, channels, "
        "sample_rate, format, node) VALUES ('rec_1', 'call_1', 'completed', 'a.wav', 3000, 9000, 5990, 2, 8000, 'wav', "
        "'node_1'), ('rec_2', 'call_1', 'recording', 'b.wav', 3000, NULL, 0, 2, 8000, 'wav', 'node_1')");
    return {};
  }));
  REQUIRE(store::migrate(*database, all));
  CHECK(number("COUNT(*) FROM call_recordings") == 2);
  CHECK(number("duration_ms FROM call_recordings WHERE id = 'rec_1' AND path = 'a.wav' AND updated_at = 9000") == 5990);
  CHECK(number("updated_at FROM calls WHERE id = 'call_2'") == 1'500);
  CHECK(number("COUNT(*) FROM call_participants") == 4);
  CHECK(number("duration_s FROM call_participants WHERE call_id = 'call_1' AND id = 'caller'") == 8);
  CHECK(number("duration_s FROM call_participants WHERE call_id = 'call_1' AND id = 'callee'") == 6);
  CHECK(number("COUNT(*) FROM call_participants WHERE call_id = 'call_2' AND left_at IS NULL") == 2);
  CHECK(number("participant_count FROM active_calls") == 1);
  CHECK(number("recording_count FROM call_history") == 2);
  CHECK(number("COUNT(*) FROM calls WHERE id = 'call_1' AND ended_by = 'gateway'") == 1);
  CHECK(number("COUNT(*) FROM calls WHERE id = 'call_2' AND ended_by = ''") == 1);
}

}  // namespace
}  // namespace trunkline::calls
