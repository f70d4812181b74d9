#include "app/live_calls.hpp"
#include "support/any_live.hpp"
#include "support/heard_database.hpp"
#include "unit/calls/service_fixture.hpp"

#include <trunkline/calls/shown_calls.hpp>

#include <catch2/catch.hpp>

#include <condition_variable>
#include <mutex>
#include <set>

namespace trunkline::app {
namespace {

using namespace std::chrono_literals;
using calls::State;

/// One of several nodes, as far as calls are shown.
struct Node {
  Node(calls::test::Fixture& calls, store::LiveStore& on, asio::io_context& loop, std::string name)
      : heard(*calls.database),
        live(on),
        service(heard, calls.routing, calls.clock, *calls.ids, name),
        shown({service, live, metrics, calls.clock, {100, 60s}, live.driver() == "redis"}),
        commands(streams, live, loop, *calls.ids, name),
        live_calls({live, service, streams, commands, loop, calls.clock, name, 60s}) {
    service.observe(shown);
    service.observe(live_calls);
    shown.on_read([this](const calls::Call& call, WallTime read_at) { live_calls.show(call, read_at); });
    shown.start();
  }

  observe::Metrics metrics{"test"};
  store::test::HeardDatabase heard;
  store::LiveStore& live;
  calls::CallService service;
  calls::ShownCalls shown;
  media::ActiveStreams streams{10};
  media::StreamCommands commands;
  LiveCalls live_calls;
};

/// Two nodes on one database and one live store. Here Redis has a connection for each of them.
struct TwoNodes {
  store::test::AnyLive home;
  calls::test::Fixture calls{store::test::Drivers::sqlite};
  store::test::RunningLoop callers;
  store::test::RunningLoop loop;
  std::unique_ptr<store::LiveStore> first = home.open(loop.context());
  std::unique_ptr<store::LiveStore> second = home.redis() ? home.open(loop.context()) : nullptr;
  Node one{calls, *first, loop.context(), "node_1"};
  Node two{calls, second ? *second : *first, loop.context(), "node_2"};

  std::mutex mutex;
  std::condition_variable said_more;
  std::set<std::string> said;
  // After the node's own, on its connection: what this heard, the node has heard.
  std::unique_ptr<store::LiveStore::Subscription> ear = two.live.subscribe(
      calls::changes_channel,
      [this](std::string_view message) {
        const std::lock_guard lock(mutex);
        said.emplace(message);
        said_more.notify_all();
      },
      [] {});

  TwoNodes() {
    while (!heard_within("", 5ms)) callers.ask(one.live.publish(calls::changes_channel, ""));
  }
  ~TwoNodes() {
    calls.service->stop();
    one.service.stop();
    two.service.stop();
    calls.database->stop();
    for (Node* node : {&one, &two}) node->live.stop();
    loop.end();
  }

  bool heard_within(const std::string& message, milliseconds time) {
    std::unique_lock lock(mutex);
    return said_more.wait_for(lock, time, [&] { return said.contains(message); });
  }
  std::string arrive(Node& node, const std::string& sid) {
    const auto answer =
        callers.ask(node.service.arrive(calls::test::Fixture::arrival(sid), calls::test::Fixture::render));
    REQUIRE(answer.has_value());
    return answer->call_id;
  }
  void end(Node& node, const std::string& sid) {
    calls::StatusUpdate update;
    update.inbox_key = "end/" + sid;
    update.provider = "twilio";
    update.provider_call_id = sid;
    update.at = calls.clock.wall();
    update.data = R"({"status":"ENDED"})";
    REQUIRE(callers.ask(node.service.update(update)).has_value());
  }
  State seen(Node& node, const std::string& id) {
    const auto call = callers.ask(node.shown.find(id, calls::ShownCalls::Freshness::any));
    REQUIRE(call.has_value());
    return (*call)->state;
  }
  /// Whether the call is shown without a look at the database.
  bool from_cache(Node& node, const std::string& id) {
    node.heard.forget();
    seen(node, id);
    return node.heard.heard().empty();
  }
};

TEST_CASE_METHOD(TwoNodes, "what one node changes another does not show as it was") {
  const auto id = arrive(one, "CA1");
  REQUIRE(heard_within(id + " 2\n", 10s));
  CHECK(seen(two, id) == State::ringing);
  CHECK(from_cache(two, id));
  CHECK(from_cache(one, id));

  end(one, "CA1");
  REQUIRE(heard_within(id + " 3\n", 10s));
  CHECK(seen(two, id) == State::ended);
  CHECK(seen(one, id) == State::ended);
  CHECK(from_cache(one, id));
}

TEST_CASE_METHOD(TwoNodes, "what one node has shown or read, another takes from Redis") {
  if (!home.redis()) {  // in process there is nothing to take it from
    SUCCEED();
    return;
  }
  const auto id = arrive(one, "CA1");
  REQUIRE(heard_within(id + " 2\n", 10s));
  CHECK(from_cache(two, id));  // told before it was said that it changed

  REQUIRE(callers.ask(first->remove(calls::live_key(id))).has_value());
  calls.clock.advance(60s);  // all that is known is too old
  CHECK_FALSE(from_cache(one, id));
  while (callers.ask(second->get_hash(calls::live_key(id))).value().empty()) std::this_thread::yield();
  CHECK(from_cache(two, id));
}

TEST_CASE_METHOD(TwoNodes, "changes at once share messages, and none is left out") {
  std::set<std::string> ids;
  for (int i = 0; i < 50; ++i) ids.insert(arrive(one, "CA" + std::to_string(i)));
  const auto last = arrive(one, "CAlast");
  const auto all_told = [&] {
    for (const auto& id : ids) {
      const auto tells = [&](const std::string& message) { return message.find(id + " 2\n") != std::string::npos; };
      if (std::ranges::none_of(said, tells)) return false;
    }
    return true;
  };
  std::unique_lock lock(mutex);
  CHECK(said_more.wait_for(lock, 10s, all_told));
}

}  // namespace
}  // namespace trunkline::app
