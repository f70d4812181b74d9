#include "unit/app/cleanup_fixture.hpp"

// What is over goes when it was kept long enough, and nothing else does.
namespace trunkline::app {
namespace {

using namespace test;

TEST_CASE_METHOD(CleanupFixture, "who took part in a call that is over has left it, who talks has not") {
  const auto over = ended_call("CA1");
  const auto live = arrive("CA2").call_id;
  sql("UPDATE call_participants SET left_at = NULL, duration_s = NULL");
  clean();
  CHECK(count("call_participants p WHERE left_at IS NOT NULL AND call_id = '" + over +
              "' AND left_at = (SELECT ended_at FROM calls c WHERE c.id = p.call_id) AND duration_s = 10") == 2);
  CHECK(count("call_participants WHERE left_at IS NULL AND call_id = '" + live + "'") == 2);
  CHECK(counted(R"(cleanup_rows_total{job="participants"} 2)"));
}

TEST_CASE_METHOD(CleanupFixture, "figures of quality go after a week, or whenever it is said, or never") {
  const auto call = arrive("CA1").call_id;
  const auto sound = [&] {
    const auto data = R"({"track":"inbound","metric":"loss","value":9,"threshold":2})";
    REQUIRE(run(service->append(call, EventType::quality_alert, data)).has_value());
  };
  sound();
  clock.advance(2 * day);
  sound();
  clock.advance(6 * day);
  SECTION("a week") {
    clean();
    CHECK(count("call_quality_metrics") == 1);
  }
  SECTION("a day") {
    settings.cleanup.quality_days = 1;
    clean();
    CHECK(count("call_quality_metrics") == 0);
  }
  SECTION("never") {
    settings.cleanup.quality_days = 0;
    clean();
    CHECK(count("call_quality_metrics") == 2);
  }
}

TEST_CASE_METHOD(CleanupFixture, "media tokens go with their calls, an hour later, old requests after their time") {
  ended_call("CA1");
  clock.advance(30min);
  arrive("CA2");
  clean();
  CHECK(count("media_tokens") == 2);
  clock.advance(31min);
  clean();
  CHECK(count("media_tokens") == 1);
  CHECK(count("inbox") == 6);
  clock.advance(8 * day);
  clean();
  CHECK(count("inbox") == 0);
  CHECK(count("media_tokens") == 0);
}

TEST_CASE_METHOD(CleanupFixture, "a recording whose node is gone is given up, an hour after its call") {
  const auto orphan = recorded_call("CA1");
  node("node_1", now());
  clock.advance(59min);
  clean();
  CHECK(is(orphan, "state = 'recording'"));
  clock.advance(2min);
  clean();
  CHECK(is(orphan, "state = 'failed' AND failure = 'orphaned'"));
  CHECK(observer.wait_for(orphan.call_id, EventType::recording_failed).version > 0);
  const auto version = find(orphan.call_id).version;
  clean();
  CHECK(find(orphan.call_id).version == version);
}

TEST_CASE_METHOD(CleanupFixture, "a recording of a node that is there, or of a call that goes on, is not given up") {
  const auto of_living = recorded_call("CA1");
  node("node_1", "NULL");
  const auto talking = arrive("CA2");
  const auto grant = run(service->start_media({talking.call_id, "CA2", talking.token, "MZ2", true, "{}"})).value();
  sql("UPDATE call_recordings SET node = 'node_2' WHERE id = '" + grant.recording_id + "'");
  clock.advance(3h);
  clean();
  CHECK(count("call_recordings WHERE state = 'recording'") == 2);
}

TEST_CASE_METHOD(CleanupFixture, "a node that comes back finishes what was given up for its sake, once") {
  const auto orphan = recorded_call("CA1");
  clock.advance(2h);
  clean();
  REQUIRE(is(orphan, "failure = 'orphaned'"));
  CHECK(run(library.unfinished("node_1")).value().size() == 1);
  CHECK(run(library.unfinished("node_2")).value().empty());
  CHECK(complete(orphan).version > 0);
  CHECK(is(orphan, "state = 'completed' AND failure = '' AND duration_ms = 1000"));
  CHECK(complete(orphan).version == 0);
  CHECK(run(library.unfinished("node_1")).value().empty());
}

TEST_CASE_METHOD(CleanupFixture, "nodes that have been gone for a week are forgotten, and leases of yesterday") {
  node("node_1", "NULL");
  node("node_2", now());
  sql("INSERT INTO leases (name, holder, expires_at) VALUES ('old', 'node_2', " + now() + ")");
  clock.advance(6 * day);
  sql("INSERT INTO leases (name, holder, expires_at) VALUES ('new', 'node_1', " + now() + ")");
  clean();
  CHECK(count("nodes") == 2);
  CHECK(count("leases WHERE name = 'new'") == count("leases"));
  clock.advance(25h);
  clean();
  CHECK(count("nodes WHERE id = 'node_1'") == count("nodes"));
}

TEST_CASE_METHOD(CleanupFixture, "recordings are kept for ever unless it is said for how long; then row and file go") {
  const auto old = finished_call("CA1");
  const auto running = recorded_call("CA2");
  node("node_1", "NULL");
  clock.advance(31 * day);
  const auto young = finished_call("CA3");
  const auto path = file_of(old);
  clean();
  REQUIRE(count("call_recordings") == 3);
  settings.cleanup.recording_days = 30;
  clean(false);
  CHECK_FALSE(is(old, "1 = 1"));
  CHECK_FALSE(std::filesystem::exists(path));
  CHECK(std::filesystem::exists(file_of(young)));
  CHECK(is(running, "state = 'recording'"));
}

TEST_CASE_METHOD(CleanupFixture, "a node removes its own recordings, and those of all where the folder is shared") {
  const auto of_other = finished_call("CA1");
  sql("UPDATE call_recordings SET node = 'node_2'");
  clock.advance(31 * day);
  settings.cleanup.recording_days = 30;
  clean();
  CHECK(std::filesystem::exists(file_of(of_other)));
  settings.recording.shared = true;
  clean();
  CHECK(count("call_recordings") == 0);
}

TEST_CASE_METHOD(CleanupFixture, "without the disk that recordings were on their rows stay") {
  const auto old = finished_call("CA1");
  settings.cleanup.recording_days = 30;
  clock.advance(31 * day);
  SECTION("the folder is not there") {
    std::filesystem::remove_all(library.folder());
    clean();
    CHECK(is(old, "state = 'completed'"));
    CHECK(counted(R"(cleanup_runs_total{job="recordings",result="failed"} 1)"));
  }
  SECTION("only the file is not: somebody removed it") {
    std::filesystem::remove(file_of(old));
    clean();
    CHECK(count("call_recordings") == 0);
  }
}

TEST_CASE_METHOD(CleanupFixture, "calls are kept for ever unless it is said for how long; then all of them goes") {
  const auto old = ended_call("CA1");
  const auto segment = R"({"segmentId":"seg_1","track":"inbound","text":"hello"})";
  REQUIRE(run(service->append(old, EventType::transcript_segment, segment)).has_value());
  REQUIRE(run(service->append(old, EventType::quality_alert, R"({"track":"inbound"})")).has_value());
  const auto live = arrive("CA2").call_id;
  clock.advance(91 * day);
  const auto young = ended_call("CA3");
  clean();
  REQUIRE(count("calls") == 3);
  settings.cleanup.call_days = 90;
  clean();
  CHECK(run(service->find(old)).error().code == "call_not_found");
  CHECK(find(live).id == live);
  CHECK(find(young).id == young);
  for (const std::string table :
       {"call_events", "call_participants", "call_quality_metrics", "transcript_segments", "media_tokens"}) {
    CAPTURE(table);
    CHECK(count(table + " WHERE call_id = '" + old + "'") == 0);
  }
  CHECK(count("event_log") == count("call_events"));
  CHECK(counted(R"(cleanup_rows_total{job="calls"} 1)"));
}

TEST_CASE_METHOD(CleanupFixture, "a call stays as long as it has recordings") {
  const auto old = finished_call("CA1");
  ended_call("CA2");
  clock.advance(91 * day);
  settings.cleanup.call_days = 90;
  ended_call("CA3");
  clean();
  CHECK(find(old.call_id).id == old.call_id);
  CHECK(count("calls") == 2);
  settings.cleanup.recording_days = 90;
  clean();
  CHECK(run(service->find(old.call_id)).error().code == "call_not_found");
}

TEST_CASE_METHOD(CleanupFixture, "the log counts on where it was, even when every call is old") {
  ended_call("CA1");
  const auto newest = ended_call("CA2");
  const auto end = number();
  clock.advance(91 * day);
  settings.cleanup.call_days = 90;
  clean();
  clean();
  CHECK(count("calls") == 1);
  CHECK(find(newest).id == newest);
  CHECK(run(service->log_end()).value().seq == end);
  CHECK(run(service->events_after(0, 10)).value().front().call_id == newest);
  arrive("CA3");
  CHECK(number() == end + 2);
  const auto told = run(service->events_after(end, 10)).value();
  REQUIRE(told.size() == 2);
  CHECK(told.front().seq == end + 1);
  clean();
  CHECK(count("calls") == 1);
  CHECK(number() == end + 2);
}

TEST_CASE_METHOD(CleanupFixture, "a call of which an event has no place in the log yet stays") {
  const auto call = ended_call("CA1");
  ended_call("CA2");
  clock.advance(91 * day);
  settings.cleanup.call_days = 90;
  REQUIRE(run(service->append(call, EventType::dtmf_received, "{}")).has_value());
  clean();
  CHECK(find(call).id == call);
  CHECK(count("outbox") == 1);
}

TEST_CASE_METHOD(CleanupFixture, "everything is removed, a batch at a time, past what has to stay") {
  for (int i = 0; i < 5; ++i) finished_call("CA" + std::to_string(i));
  for (int i = 5; i < 10; ++i) ended_call("CA" + std::to_string(i));
  sql("UPDATE call_participants SET left_at = NULL");
  clock.advance(91 * day);
  settings.cleanup.call_days = 90;
  arrive("CA10");
  number();
  clean(true, 2);
  CHECK(count("calls") == 6);
  CHECK(count("call_participants WHERE left_at IS NULL") == 2);
}

TEST_CASE_METHOD(CleanupFixture, "what one node is enough for only the leading one does") {
  ended_call("CA1");
  clock.advance(2h);
  clean(false);
  CHECK(count("media_tokens") == 1);
  CHECK_FALSE(counted(R"(cleanup_runs_total{job="tokens")"));
  CHECK(counted(R"(cleanup_runs_total{job="recordings",result="ok"} 1)"));
  clean();
  CHECK(count("media_tokens") == 0);
  CHECK(counted(R"(cleanup_runs_total{job="tokens",result="ok"} 1)"));
}

}  // namespace
}  // namespace trunkline::app
