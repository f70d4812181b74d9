#include "app/membership.hpp"

#include "unit/calls/service_fixture.hpp"

#include <catch2/catch.hpp>

#include <memory>

namespace trunkline::app {
namespace {

using calls::EventType;
using calls::State;
using calls::test::run;

/// One of the nodes that look after each other; they share the test's loop.
struct Member {
  Member(calls::test::Fixture& calls, recording::Library& library, ThreadPool& pool, const std::string& id)
      : service(*calls.database, calls.routing, calls.clock, *calls.ids, id),
        recovery{service, library, pool, calls.clock},
        nodes(*calls.database, calls.clock, {id, "host", "1.0"}),
        membership({nodes, service, streams, recovery, calls.clock, milliseconds(25), false}) {}

  calls::CallService service;
  media::ActiveStreams streams{10};
  Recovery recovery;
  store::Nodes nodes;
  Membership membership;
};

/// node_1 had a call and is silent.
struct LostNode {
  calls::test::Fixture calls{store::test::Drivers::sqlite};
  ThreadPool pool{"recorder", 1, 100};
  recording::Library library{*calls.database, calls.folder / "recordings"};
  store::Nodes lost{*calls.database, calls.clock, {"node_1", "host", "1.0"}};
  std::string call;
  std::vector<std::unique_ptr<Member>> members;
  asio::io_context loop;  // goes first, with what waits in it

  LostNode() {
    const auto arrived = calls.arrive("CA1");
    call = arrived.call_id;
    REQUIRE(run(calls.service->start_media({call, "CA1", arrived.token, "MZ1", true, "{}"})).has_value());
    REQUIRE(run(lost.beat()).has_value());
  }
  ~LostNode() {
    pool.stop();
    calls.database->stop();
    loop.restart();
    loop.poll();
  }

  void join(const std::string& id) {
    members.push_back(std::make_unique<Member>(calls, library, pool, id));
    boost::asio::co_spawn(loop, members.back()->membership.beat_forever(), [](const std::exception_ptr& thrown) {
      if (thrown) std::rethrow_exception(thrown);
    });
  }
  std::int64_t number(const std::string& query) { return store::test::integer_of(*calls.database, "SELECT " + query); }
  template <class Done>
  bool turns_until(Done done) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!done() && std::chrono::steady_clock::now() < deadline) loop.run_one_for(milliseconds(100));
    return done();
  }
  bool marked() { return calls.find(call).state == State::reconnecting; }
  bool given_up() { return number("COUNT(*) FROM nodes WHERE id = 'node_1' AND gone_at IS NOT NULL") == 1; }
};

TEST_CASE_METHOD(LostNode, "of two nodes that miss a third one settles its calls, once, and gives it up") {
  join("node_2");
  join("node_3");
  REQUIRE(turns_until([this] { return given_up(); }));
  CHECK(marked());
  CHECK(number("COUNT(*) FROM leases WHERE name = 'settle/node_1'") == 1);
  CHECK(number("COUNT(*) FROM call_events WHERE type = 'call.reconnecting'") == 1);
}

TEST_CASE_METHOD(LostNode,
                 "while one node settles another leaves it alone, and takes over from one that does not end") {
  store::Nodes busy(*calls.database, calls.clock, {"node_3", "host", "1.0"});
  REQUIRE(run(busy.hold("settle/node_1", std::chrono::seconds(30))).value());
  join("node_2");
  REQUIRE(turns_until([this] { return number("COALESCE(MAX(beat), 0) FROM nodes WHERE id = 'node_2'") >= 20; }));
  CHECK_FALSE(marked());
  CHECK_FALSE(given_up());
  REQUIRE(store::test::execute(*calls.database, "UPDATE leases SET expires_at = 0"));  // by the database's own clock
  REQUIRE(turns_until([this] { return given_up(); }));
  CHECK(marked());
}

}  // namespace
}  // namespace trunkline::app
