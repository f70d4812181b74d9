#include "calls/call_queries.hpp"
#include "service_fixture.hpp"

#include <boost/asio/detached.hpp>

#include <algorithm>
#include <set>

namespace trunkline::calls {
namespace {

using namespace test;

Arrival numbered_arrival(int number) {
  Arrival arrival = Fixture::arrival("CA" + std::to_string(number));
  if (number % 3 == 0) arrival.from = "+4930123456";
  if (number % 2 == 0) arrival.direction = Direction::outbound;
  return arrival;
}

StatusUpdate numbered_end(const Fixture& fixture, int number) {
  StatusUpdate update;
  update.inbox_key = "end/" + std::to_string(number);
  update.provider = "twilio";
  update.provider_call_id = "CA" + std::to_string(number);
  update.at = fixture.clock.wall();
  update.data = number % 5 == 0 ? R"({"status":"ENDED","duration":10})" : R"({"status":"BUSY"})";
  return update;
}

// 500 calls, twenty a millisecond; every fifth completed, every seventh of the others was busy.
void fill(Fixture& fixture) {
  for (int first = 0; first < 500; first += 20) {
    asio::io_context loop;  // those of one millisecond share their commits
    for (int i = first; i < first + 20; ++i) {
      asio::co_spawn(loop, fixture.service->arrive(numbered_arrival(i), Fixture::render), asio::detached);
      if (i % 5 != 0 && i % 7 != 0) continue;
      asio::co_spawn(loop, fixture.service->update(numbered_end(fixture, i)), asio::detached);
    }
    loop.run();
    fixture.clock.advance(milliseconds(1));
  }
}

std::vector<Call> all_pages(Fixture& fixture, CallFilter filter) {
  std::vector<Call> calls;
  do {
    const auto page = run(fixture.service->list(filter));
    REQUIRE(page.has_value());
    REQUIRE(page->data.size() <= filter.limit);
    calls.insert(calls.end(), page->data.begin(), page->data.end());
    filter.cursor = page->next_cursor;
  } while (!filter.cursor.empty());
  return calls;
}

TEST_CASE("a call is found by every name that its provider gave it, and the first call with a name keeps it") {
  Fixture fixture;
  Arrival arrival = Fixture::arrival("CA1");
  arrival.names = {{"serverCallId", "s1"}};
  const auto call = fixture.arrive(arrival);
  const auto named = [&](const std::string& kind, const std::string& name) {
    const auto found = run(fixture.service->find_by_name("twilio", kind, name));
    return found ? found->id : found.error().code;
  };
  CHECK(named("serverCallId", "s1") == call.call_id);
  CHECK(named("callConnectionId", "c1") == "call_not_found");
  StatusUpdate update;
  update.inbox_key = "connected";
  update.provider = "twilio";
  update.provider_call_id = "CA1";
  update.data = R"({"status":"CONNECTED","names":{"callConnectionId":"c1"}})";
  REQUIRE(run(fixture.service->update(update)).has_value());
  CHECK(named("callConnectionId", "c1") == call.call_id);
  CHECK(named("callConnectionId", "s1") == "call_not_found");

  Arrival other = Fixture::arrival("CA2");
  other.names = {{"serverCallId", "s1"}, {"callConnectionId", "c2"}};
  const auto second = fixture.arrive(other);
  CHECK(named("serverCallId", "s1") == call.call_id);
  CHECK(named("callConnectionId", "c2") == second.call_id);
}

TEST_CASE("five hundred calls are listed, filtered, paged and counted") {
  Fixture fixture;
  const WallTime start = fixture.clock.wall();
  fill(fixture);  // which takes much longer than all that is asked then

  {
    INFO("pages hold every call once, the newest first");
    CallFilter filter;
    filter.limit = 33;
    const auto calls = all_pages(fixture, filter);
    REQUIRE(calls.size() == 500);
    std::set<std::string> ids;
    for (const Call& call : calls) ids.insert(call.id);
    CHECK(ids.size() == 500);
    CHECK(std::is_sorted(calls.begin(), calls.end(), [](const Call& a, const Call& b) {
      return std::pair(a.created_at, a.id) > std::pair(b.created_at, b.id);
    }));
  }
  {
    INFO("a page that is just full is the last");
    CallFilter filter;
    filter.limit = 500;
    const auto page = run(fixture.service->list(filter));
    REQUIRE(page.has_value());
    CHECK(page->data.size() == 500);
    CHECK(page->next_cursor.empty());
  }
  {
    INFO("filters go together and with paging");
    CallFilter filter;
    filter.limit = 10;
    filter.terminal = true;
    CHECK(all_pages(fixture, filter).size() == 100 + 57);
    filter.state = State::ended;
    CHECK(all_pages(fixture, filter).size() == 100);
    filter.direction = Direction::outbound;
    CHECK(all_pages(fixture, filter).size() == 50);
    filter.from = "+4930123456";
    CHECK(all_pages(fixture, filter).size() == 17);
    filter.provider = "acs";
    CHECK(all_pages(fixture, filter).empty());
  }
  {
    INFO("times bound from and including the first, up to and without the last");
    CallFilter filter;
    filter.created_after = start + milliseconds(10);
    filter.created_before = start + milliseconds(20);
    CHECK(all_pages(fixture, filter).size() == 200);
    filter.to = "+1";
    CHECK(all_pages(fixture, filter).empty());
  }
  {
    INFO("the counts add up");
    const auto stats = run(fixture.service->stats());
    REQUIRE(stats.has_value());
    CHECK(stats->total == 500);
    CHECK(stats->completed == 100);
    CHECK(stats->failed == 57);
    CHECK(stats->active == 343);
    CHECK(stats->average_duration_s == 10);
    CHECK(stats->by_state == std::map<std::string, std::int64_t>{{"BUSY", 57}, {"ENDED", 100}, {"RINGING", 343}});
    CHECK(stats->by_provider == std::map<std::string, std::int64_t>{{"twilio", 500}});
  }
}

TEST_CASE("the counts read an index and not the calls") {
  Fixture fixture;
  for (int i = 0; i < 3; ++i) fixture.arrive("CA" + std::to_string(i));
  const bool sqlite = fixture.database->driver() == "sqlite";
  const auto plan = fixture.database->read_blocking<std::string>([&](store::Sql& sql) -> Result<std::string> {
    const std::string query(count_calls_query);
    // Three rows are read faster than an index: what the planner would do with many is the question.
    if (!sqlite) sql.execute("SET LOCAL enable_bitmapscan = off");
    std::string lines;
    for (const store::Row& row : sql.query((sqlite ? "EXPLAIN QUERY PLAN " : "EXPLAIN ") + query)) {
      lines += row.text(sqlite ? 3 : 0) + "\n";
    }
    return lines;
  });
  REQUIRE(plan.has_value());
  CHECK_THAT(*plan,
             Catch::Contains(sqlite ? "COVERING INDEX calls_in_figures" : "Index Only Scan using calls_in_figures"));
  CHECK_THAT(*plan, !Catch::Contains("SCAN calls\n") && !Catch::Contains("Seq Scan"));
}

TEST_CASE("a cursor that was not given out is refused") {
  Fixture fixture;
  for (const char* cursor : {"nonsense", "!", "MTIz", "eCB5"}) {
    CallFilter filter;
    filter.cursor = cursor;
    const auto page = run(fixture.service->list(filter));
    REQUIRE(page.has_error());
    CHECK(page.error().code == "invalid_cursor");
  }
}

TEST_CASE("without calls the lists are empty and the counts are zero") {
  Fixture fixture;
  CHECK(all_pages(fixture, {}).empty());
  const auto stats = run(fixture.service->stats());
  REQUIRE(stats.has_value());
  CHECK(stats->total == 0);
  CHECK(stats->average_duration_s == 0);
}

TEST_CASE("a call's events are read in order from a version on, those of all calls from a place in the log on") {
  Fixture fixture;
  const std::string one = fixture.arrive("CA1").call_id;
  const std::string two = fixture.arrive("CA2").call_id;
  REQUIRE(run(fixture.service->append(one, EventType::dtmf_received, R"({"digit":"1"})")).has_value());

  const auto of_one = run(fixture.service->events_of(one, 1, 10));
  REQUIRE(of_one.has_value());
  REQUIRE(of_one->size() == 2);
  CHECK(of_one->front().version == 2);
  CHECK(of_one->back().data == R"({"digit":"1"})");
  CHECK(of_one->back().state == State::ringing);

  CHECK(of_one->back().seq == 0);
  CHECK(run(fixture.service->events_after(0, 10)).value().empty());
  CHECK(run(fixture.service->number_events()).value().seq == 5);
  CHECK(run(fixture.service->events_of(one, 1, 10)).value().back().seq == 5);

  const auto after = run(fixture.service->events_after(3, 10));
  REQUIRE(after.has_value());
  REQUIRE(after->size() == 2);
  CHECK(after->front().call_id == two);
  CHECK(after->back().call_id == one);

  const auto of_one_after = run(fixture.service->events_of_after(one, 1, 10));
  REQUIRE(of_one_after.has_value());
  REQUIRE(of_one_after->size() == 2);
  CHECK(of_one_after->front().seq == 2);
  CHECK(of_one_after->back().seq == 5);
  const auto first_of_one = run(fixture.service->events_of_after(one, 0, 1));
  REQUIRE(first_of_one.has_value());
  CHECK(first_of_one->size() == 1);
  CHECK(run(fixture.service->events_of_after("call_none", 0, 10)).value().empty());

  const auto alone = run(fixture.service->event(of_one_after->back().id)).value();
  REQUIRE(alone.has_value());
  CHECK(to_json_text(*alone) == to_json_text(of_one_after->back()));
  CHECK_FALSE(run(fixture.service->event("evt_none")).value().has_value());

  const auto limited = run(fixture.service->events_after(0, 2));
  REQUIRE(limited.has_value());
  CHECK(limited->size() == 2);
}

TEST_CASE("a call that is not there is an error with its own code") {
  Fixture fixture;
  CHECK(run(fixture.service->find("call_none")).error().code == "call_not_found");
  CHECK(run(fixture.service->find_by_provider_id("twilio", "CA0")).error().code == "call_not_found");
  CHECK(run(fixture.service->events_of("call_none", 0, 10)).error().code == "call_not_found");
}

}  // namespace
}  // namespace trunkline::calls
