#include "support/any_database.hpp"
#include "support/manual_clock.hpp"

#include <trunkline/store/nodes.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <catch2/catch.hpp>

namespace trunkline::store {
namespace {

template <class T>
T run(asio::awaitable<T> task) {
  asio::io_context loop;
  auto answer = asio::co_spawn(loop, std::move(task), asio::use_future);
  loop.run();
  return answer.get();
}

struct Cluster {
  test::AnyDatabase home;
  trunkline::test::ManualClock clock;
  std::unique_ptr<Database> database = home.open();
  Nodes one{*database, clock, {"node_1", "host-a", "1.0"}};
  Nodes two{*database, clock, {"node_2", "host-b", "1.0"}};

  /// For a lease alone: nobody moves the clock of the database.
  void let_time_pass(const std::string& lease, milliseconds time) {
    REQUIRE(test::execute(*database, "UPDATE leases SET expires_at = expires_at - " + std::to_string(time.count()) +
                                         " WHERE name = '" + lease + "'"));
  }

  static std::vector<std::string> ids(const Roll& roll) {
    std::vector<std::string> out;
    for (const auto& node : roll.others) out.push_back(node.id + "@" + std::to_string(node.beat));
    return out;
  }
};
using Ids = std::vector<std::string>;

TEST_CASE_METHOD(Cluster, "nodes see each other's beats grow") {
  CHECK(ids(run(one.beat()).value()).empty());
  CHECK(ids(run(two.beat()).value()) == Ids{"node_1@1"});
  CHECK(ids(run(one.beat()).value()) == Ids{"node_2@1"});
  CHECK(ids(run(two.beat()).value()) == Ids{"node_1@2"});
}

TEST_CASE_METHOD(Cluster, "a node that left is no longer looked at, and is not surprised to be back") {
  run(one.beat());
  REQUIRE(run(one.leave()).has_value());
  CHECK(ids(run(two.beat()).value()).empty());
}

TEST_CASE_METHOD(Cluster, "a beat that comes after its node left does not bring it back; its next process does") {
  run(one.beat());
  REQUIRE(run(one.leave()).has_value());
  const auto late = run(one.beat());
  REQUIRE_FALSE(late.has_value());
  CHECK(late.error().code == "node_left");
  CHECK(ids(run(two.beat()).value()).empty());

  clock.advance(milliseconds(1));
  Nodes again{*database, clock, {"node_1", "host-a", "1.1"}};
  REQUIRE(run(again.beat()).has_value());
  CHECK(ids(run(two.beat()).value()) == Ids{"node_1@1"});
  REQUIRE(run(again.beat()).has_value());
}

TEST_CASE_METHOD(Cluster, "a node that was given up learns of it at its next beat, once") {
  run(one.beat());
  const auto seen = run(two.beat()).value();
  REQUIRE(run(two.give_up(seen.others.front())).has_value());
  CHECK(ids(run(two.beat()).value()).empty());
  CHECK(run(one.beat()).value().was_gone);
  CHECK_FALSE(run(one.beat()).value().was_gone);
  CHECK(ids(run(two.beat()).value()) == Ids{"node_1@3"});
}

TEST_CASE_METHOD(Cluster, "a node that has beaten since it was seen is not given up") {
  run(one.beat());
  const auto seen = run(two.beat()).value();
  run(one.beat());
  REQUIRE(run(two.give_up(seen.others.front())).has_value());
  CHECK_FALSE(run(one.beat()).value().was_gone);
}

TEST_CASE_METHOD(Cluster, "one node has a lease, until it leaves it or lets it run out") {
  using std::chrono::seconds;
  CHECK(run(one.hold("upkeep", seconds(30))).value());
  CHECK_FALSE(run(two.hold("upkeep", seconds(30))).value());
  CHECK(run(two.hold("other", seconds(30))).value());
  CHECK(run(one.hold("upkeep", seconds(60))).value());
  let_time_pass("upkeep", seconds(30));
  CHECK_FALSE(run(two.hold("upkeep", seconds(30))).value());
  let_time_pass("upkeep", seconds(30));
  CHECK(run(two.hold("upkeep", seconds(30))).value());
  CHECK_FALSE(run(one.hold("upkeep", seconds(30))).value());
  REQUIRE(run(two.leave()).has_value());
  CHECK(run(one.hold("upkeep", seconds(30))).value());
}

TEST_CASE_METHOD(Cluster, "leases go by the clock of the database, however much those of the nodes differ") {
  using std::chrono::hours;
  using std::chrono::seconds;
  CHECK(run(one.hold("upkeep", seconds(30))).value());
  clock.advance(hours(1));
  CHECK_FALSE(run(two.hold("upkeep", seconds(30))).value());
  clock.advance(-hours(2));
  let_time_pass("upkeep", seconds(30));
  CHECK(run(two.hold("upkeep", seconds(30))).value());
}

}  // namespace
}  // namespace trunkline::store
