#include "app/cleanup.hpp"
#include "events/webhook_queue.hpp"
#include "support/fake_socket.hpp"
#include "support/heard_database.hpp"
#include "unit/calls/service_fixture.hpp"

#include <trunkline/calls/reconcile.hpp>
#include <trunkline/events/event_hub.hpp>
#include <trunkline/events/webhooks.hpp>
#include <trunkline/recording/library.hpp>
#include <trunkline/speech/transcript_of.hpp>
#include <trunkline/store/memory_live.hpp>

#include <catch2/catch.hpp>

#include <functional>

// What is asked for while calls run must not get slower with the calls that are kept.
namespace trunkline::app {
namespace {

using calls::EventType;
using calls::State;
using calls::test::run;

/// Services over a database that hears what they say to it.
struct PlansFixture {
  net::Worker worker{0};
  calls::test::Fixture calls{store::test::Drivers::sqlite};
  store::test::HeardDatabase database{*calls.database};
  std::unique_ptr<calls::CallService> service = calls.make_service(database);

  std::vector<std::string> plan(const std::string& statement) {
    return store::test::plan_of(*calls.database, statement);
  }
  /// The index that the list of the calls of `filter` is read by; "sorts" when it has to be put in order, too.
  std::string index_of(const calls::CallFilter& filter) {
    database.forget();
    REQUIRE(run(service->list(filter)).has_value());
    REQUIRE(database.heard().size() == 1);
    const auto steps = plan(database.heard().front());
    if (steps.size() != 1) return "sorts";
    constexpr std::string_view before = "USING INDEX ";
    const auto name = steps.front().find(before);
    REQUIRE(name != std::string::npos);
    return steps.front().substr(name + before.size(),
                                steps.front().find(' ', name + before.size()) - name - before.size());
  }
};

using Narrow = std::function<void(calls::CallFilter&)>;

const std::vector<std::pair<Narrow, std::string>> lists = {
    {[](auto&) {}, "calls_by_time"},
    {[](auto& filter) { filter.from = "+14155550100"; }, "calls_by_from"},
    {[](auto& filter) { filter.to = "+14155550199"; }, "calls_by_to"},
    {[](auto& filter) { filter.state = State::ended; }, "calls_by_outcome"},
    {[](auto& filter) { filter.provider = "twilio"; }, "calls_by_provider"},
    {[](auto& filter) { filter.terminal = false; }, "calls_open"},
    {[](auto& filter) { filter.terminal = true; }, "calls_by_time"},
};

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

// The outbox is read by its key, a batch at once, which is then numbered.
bool one_batch(const std::string& step) {
  return step == "SCAN outbox" || step == "SCAN waiting" || step == "SCAN (subquery-3)" ||
         step == "SCAN CONSTANT ROW" || step == "SCAN rows";  // those that are given, one at a time
}

// Indexes that hold open calls alone.
bool of_open_calls(const std::string& step) {
  return has(step, "INDEX calls_open") || has(step, "INDEX calls_by_node");
}

// A plan with a step that goes through a table from end to end, or that puts more than one call's rows in order. A walk
// along an index is neither: it ends with the page.
bool grows(const std::vector<std::string>& plan) {
  const auto any = [&](auto holds) { return std::ranges::any_of(plan, holds); };
  const bool walks =
      any([](const std::string& step) { return step.starts_with("SCAN ") && !has(step, "INDEX") && !one_batch(step); });
  const bool sorts = any([](const std::string& step) { return has(step, "TEMP B-TREE"); });
  const bool bounded = any([](const std::string& step) {
    return has(step, "(call_id=?") || step == "SCAN waiting" || step == "SCAN rows" || of_open_calls(step);
  });
  return walks || (sorts && !bounded);
}

TEST_CASE("a list of calls is read by the index of what narrows it, in its order") {
  PlansFixture fixture;
  for (const auto& [narrow, index] : lists) {
    calls::CallFilter filter;
    narrow(filter);
    CHECK(fixture.index_of(filter) == index);
    filter.created_after = fixture.calls.clock.wall();
    CHECK(fixture.index_of(filter) == index);
    filter.created_after.reset();
    filter.cursor = "MSBjYWxsXzE";  // "1 call_1"
    CHECK(fixture.index_of(filter) == index);
  }
}

TEST_CASE("of two that narrow a list the one decides that leaves fewer calls") {
  PlansFixture fixture;
  const auto index = [&](const Narrow& narrow) {
    calls::CallFilter filter;
    filter.state = State::ended;
    filter.provider = "twilio";
    filter.terminal = true;
    narrow(filter);
    return fixture.index_of(filter);
  };
  CHECK(index([](auto& filter) { filter.to = "+14155550199"; }) == "calls_by_to");
  CHECK(index([](auto& filter) { filter.from = "+14155550100"; }) == "calls_by_from");
  CHECK(index([](auto& filter) { filter.from = filter.to = "+14155550100"; }) == "calls_by_from");
  CHECK(index([](auto&) {}) == "calls_by_outcome");
}

/// A call with all that a call can have, and everything that is asked about it, followed and forgotten.
void live_through(PlansFixture& fixture) {
  auto& service = *fixture.service;
  const auto arrived = run(service.arrive(fixture.calls.arrival("CA1"), calls::test::Fixture::render));
  REQUIRE(arrived.has_value());
  const auto call = run(service.find_by_provider_id("twilio", "CA1")).value();
  const std::string token = arrived->body.substr(arrived->body.find(' ') + 1);
  const auto grant = run(service.start_media({call.id, "CA1", token, "MZ1", true, "{}"}));
  REQUIRE(grant.has_value());
  const auto append = [&](EventType type, const std::string& data) {
    REQUIRE(run(service.append(call.id, type, data)).has_value());
  };
  append(EventType::transcript_segment, R"({"segmentId":"seg_1","track":"inbound","text":"hello"})");
  append(EventType::quality_summary, R"({"score":"good","tracks":{"inbound":{"score":"good"}}})");
  append(EventType::recording_completed, R"({"recordingId":")" + grant->recording_id + "\"}");

  REQUIRE(run(service.find(call.id)).has_value());
  REQUIRE(run(service.stats()).has_value());
  REQUIRE(run(service.events_of(call.id, 0, 10)).has_value());
  REQUIRE(run(service.events_after(0, 10)).has_value());
  REQUIRE(run(service.event(run(service.events_of(call.id, 0, 1)).value().front().id)).value().has_value());
  REQUIRE(run(service.quality_of(call.id)).value().size() == 1);
  recording::Library library(fixture.database, fixture.calls.folder / "recordings");
  REQUIRE(run(library.find(grant->recording_id)).has_value());
  REQUIRE(run(library.of_call(call.id)).has_value());
  REQUIRE(run(speech::transcript_of(fixture.database, call.id)).has_value());

  const auto live = store::make_memory_live(fixture.worker.context(), fixture.calls.clock);
  events::EventHub hub(service, *live, fixture.worker);
  hub.start();
  test::FakeSocket socket(fixture.worker);
  const auto subscriber = hub.subscriber({.after = 0, .call_id = call.id, .types = {}});
  subscriber->on_open(socket);
  test::turn_until(fixture.worker, [&] { return socket.sent.size() == 6 && fixture.calls.count("outbox") == 0; });
  subscriber->on_close({});

  fixture.calls.clock.advance(std::chrono::hours(72));
  REQUIRE(run(service.forget_requests(fixture.calls.clock.wall(), 100)).value() == 3);
}

TEST_CASE("nothing that is asked while calls run goes through a whole table, or sorts more than a call") {
  PlansFixture fixture;
  live_through(fixture);
  const auto heard = fixture.database.heard();
  for (const char* about :
       {"WHERE e.call_id = $1 AND l.seq > $2", "WHERE e.call_id = $1 AND e.version > $2", "WHERE l.seq > $1",
        "WHERE e.id = $1", "FROM outbox", "FROM inbox", "FROM media_tokens", "FROM call_recordings",
        "FROM transcript_segments", "FROM call_quality_metrics", "FROM calls"}) {
    CAPTURE(about);
    CHECK(std::ranges::any_of(heard, [&](const std::string& text) { return has(text, about); }));
  }
  for (const auto& statement : heard) {
    const auto plan = fixture.plan(statement);
    CAPTURE(statement, plan);
    CHECK_FALSE(grows(plan));
  }
}

// A delivery's body is made of it: the rest of the call, however long, is not read for that.
TEST_CASE("one event is found without the others of its call") {
  PlansFixture fixture;
  REQUIRE_FALSE(run(fixture.service->event("evt_1")).value().has_value());
  REQUIRE(fixture.database.heard().size() == 1);
  for (const auto& step : fixture.plan(fixture.database.heard().front())) {
    CAPTURE(step);
    CHECK((has(step, "(id=?)") || has(step, "(ordinal=?)")));
  }
}

/// What a sender of webhooks does, and who looks after it.
void send_webhooks(PlansFixture& fixture) {
  namespace webhooks = events::webhooks;
  const net::AddressPolicy policy;
  webhooks::Registry registry(fixture.database, policy, fixture.calls.clock, *fixture.calls.ids);
  const auto id = run(registry.create("https://example.com/", "", {})).value().id;
  fixture.calls.arrive("CA1");
  REQUIRE(run(fixture.service->number_events()).has_value());
  webhooks::Step step;
  step.endpoint_id = id;
  step.node_id = "node_1";
  step.first = true;
  step.limit = 16;
  step.now = fixture.calls.clock.wall();
  step.claim = std::chrono::seconds(30);
  step.log = {0, run(fixture.service->events_after(0, 10)).value(), {"msg_1", "msg_2"}};
  const auto take = [&] {
    auto work = [&](store::Sql& sql) { return run_step(sql, step); };
    return fixture.database.write_blocking<webhooks::StepResult>(work).value();
  };
  const auto sending = take().sending;
  REQUIRE(sending.size() == 1);
  step.sent = {{sending.front(), {200, false, "", {}, step.now}, milliseconds(1), 0}};
  REQUIRE(take().judgements.front().fate == webhooks::Fate::delivered);
  REQUIRE(run(registry.redeliver("msg_1")).has_value());
  for (const webhooks::Again& which : {webhooks::Again(webhooks::DeadOnes()), webhooks::Again(webhooks::AfterSeq{1}),
                                       webhooks::Again(webhooks::Since{fixture.calls.clock.wall()})}) {
    REQUIRE(run(registry.redeliver_all(id, which)).has_value());
  }
  auto tidy = [&](store::Sql& sql) -> Result<bool> {
    webhooks::prune(sql, step.now, 100);
    webhooks::read_offers(sql, "node_1");
    webhooks::release(sql, id, "node_1");
    webhooks::count_backlog(sql);
    return true;
  };
  REQUIRE(fixture.database.write_blocking<bool>(tidy).has_value());
}

TEST_CASE("nothing that is asked while webhooks go out goes through all deliveries, or through the log") {
  PlansFixture fixture;
  send_webhooks(fixture);
  const auto heard = fixture.database.heard();
  CHECK(std::ranges::any_of(heard, [](const std::string& text) { return has(text, "state = 'dead' AND seq > $3"); }));
  CHECK(std::ranges::any_of(heard, [](const std::string& text) { return has(text, "e.stored_at"); }));
  for (const auto& statement : heard) {
    const bool of_all = has(statement, "state = 'deleted'");  // removes a few of them, whichever
    for (const auto& step : fixture.plan(statement)) {
      CAPTURE(statement, step);
      // There are fifty endpoints at most, and as many deliveries as are to be counted.
      const bool few = one_batch(step) || has(step, "webhook_endpoints") || step == "SCAN counted";
      const bool walks = step.starts_with("SCAN ") && !few && !has(step, "INDEX");
      CHECK_FALSE(walks);
      // All of an endpoint's, the settled ones with them.
      CHECK((of_all || !has(step, "webhook_deliveries_listed")));
    }
  }
}

TEST_CASE("deliveries are counted along an index of what is counted alone") {
  PlansFixture fixture;
  auto count = [](store::Sql& sql) -> Result<bool> {
    events::webhooks::count_backlog(sql);
    return true;
  };
  REQUIRE(fixture.database.read_blocking<bool>(count).has_value());
  const auto heard = fixture.database.heard();
  REQUIRE(heard.size() == 2);
  for (std::size_t i = 0; i < heard.size(); ++i) {
    const auto plan = fixture.plan(heard[i]);
    CAPTURE(heard[i], plan);
    const std::string index = i == 0 ? "webhook_deliveries_of_call" : "webhook_deliveries_dead";
    CHECK(std::ranges::any_of(plan, [&](const auto& step) { return has(step, "USING INDEX " + index); }));
    CHECK_FALSE(std::ranges::any_of(plan, [](const auto& step) { return has(step, "TEMP B-TREE"); }));
    CHECK(has(heard[i], "LIMIT $1"));
  }
}

TEST_CASE("the cleanup begins with what is there to clean, never with all calls") {
  PlansFixture fixture;
  live_through(fixture);
  REQUIRE(fixture.calls.report("CA1", "over", State::ended).has_value());
  fixture.calls.clock.advance(std::chrono::hours(24 * 40));
  config::Settings settings;
  settings.cleanup.call_days = settings.cleanup.recording_days = 30;
  settings.event_grid.endpoint = "https://calls.example.com/api/events";
  recording::Library library(fixture.database, fixture.calls.folder / "recordings");
  std::filesystem::create_directories(library.folder() / "2026");
  ThreadPool files("files", 1, 10);
  observe::Metrics metrics("test");
  api::IdempotentRequests idempotent(fixture.database, fixture.calls.clock, *fixture.calls.ids, std::chrono::hours(24));
  fixture.database.forget();
  Cleanup cleanup({settings, *fixture.service, library, fixture.database, files, metrics, idempotent,
                   fixture.calls.clock, "node_1"});
  run(cleanup.run(true));

  const auto heard = fixture.database.heard();
  for (const char* about :
       {"UPDATE call_participants", "FROM call_quality_metrics", "FROM media_tokens t", "LEFT JOIN nodes",
        "completed_at < $1", "AND (ended_at, id) >", "DELETE FROM nodes", "DELETE FROM leases"}) {
    CAPTURE(about);
    CHECK(std::ranges::any_of(heard, [&](const std::string& text) { return has(text, about); }));
  }
  for (const auto& statement : heard) {
    auto plan = fixture.plan(statement);
    // One row a node, a few leases and endpoints; and the tokens of calls that go on.
    std::erase_if(plan, [](const auto& step) {
      return step == "SCAN nodes" || step == "SCAN leases" || step == "SCAN w" || step == "SCAN t";
    });
    CAPTURE(statement, plan);
    CHECK_FALSE(grows(plan));
    CHECK_FALSE(std::ranges::any_of(
        plan, [](const auto& step) { return has(step, "calls_by_end (ended_at") || has(step, "SCAN calls"); }));
  }
}

TEST_CASE("the reaper reads the calls that are open, and no others") {
  PlansFixture fixture;
  REQUIRE(run(fixture.service->reap(500, {}, [](const std::string&) { return false; })).has_value());
  REQUIRE(fixture.database.heard().size() == 1);
  for (const auto& step : fixture.plan(fixture.database.heard().front())) {
    CAPTURE(step);
    CHECK(step != "SCAN calls");
    CHECK((of_open_calls(step) || !has(step, "calls")));
  }
}

TEST_CASE("the reconciler reads the calls that are open, and those that the gateway closed") {
  PlansFixture fixture;
  const calls::Doubts doubts{"twilio", fixture.calls.clock.wall(), fixture.calls.clock.wall(), 50};
  REQUIRE(run(calls::find_concluded(fixture.database, doubts)).has_value());
  for (const auto& step : fixture.plan(fixture.database.heard().front())) {
    CAPTURE(step);
    CHECK((step == "SEARCH calls USING INDEX calls_concluded (provider=? AND ended_at>?)" || !has(step, "calls")));
    CHECK_FALSE(has(step, "SCAN"));
    CHECK_FALSE(has(step, "TEMP B-TREE"));
  }
  fixture.database.forget();
  REQUIRE(run(calls::find_stuck(fixture.database, doubts)).has_value());
  for (const auto& step : fixture.plan(fixture.database.heard().front())) {
    CAPTURE(step);
    CHECK((of_open_calls(step) || !has(step, "calls")));
  }
}

}  // namespace
}  // namespace trunkline::app
