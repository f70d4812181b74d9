#include "events/event_grid_place.hpp"

#include "unit/calls/service_fixture.hpp"

#include <catch2/catch.hpp>

namespace trunkline::events::grid {
namespace {

using calls::test::run;
using std::chrono::seconds;

struct Place : calls::test::Fixture {
  template <class T, class Work>
  T in_store(Work work) {
    return database->write_blocking<T>([&](store::Sql& sql) -> Result<T> { return work(sql); }).value();
  }
  std::optional<std::int64_t> claim(const std::string& node) {
    return in_store<std::optional<std::int64_t>>([&](store::Sql& sql) { return grid::claim(sql, node, seconds(30)); });
  }
  bool move(const std::string& node, std::int64_t from, std::int64_t to) {
    return in_store<bool>([&](store::Sql& sql) { return grid::move(sql, node, from, to); });
  }
  void let_claim_run_out() {
    REQUIRE(store::test::execute(*database, "UPDATE event_publishers SET claimed_until = claimed_until - 30001"));
  }
};

TEST_CASE_METHOD(Place, "the place in the log begins at its end, is one node's at a time, and is kept") {
  arrive("CA1");
  REQUIRE(run(service->number_events()).has_value());
  CHECK(claim("node_1") == 2);
  CHECK_FALSE(claim("node_2").has_value());
  CHECK(move("node_1", 2, 5));
  CHECK_FALSE(move("node_1", 2, 6));  // it is not there any more
  CHECK_FALSE(move("node_2", 5, 6));
  CHECK(claim("node_1") == 5);
  in_store<bool>([](store::Sql& sql) {
    release(sql, "node_2");  // not its own
    release(sql, "node_1");
    return true;
  });
  CHECK(claim("node_2") == 5);
}

TEST_CASE_METHOD(Place, "the place goes to another node when a claim has run out, by the clock of the database") {
  REQUIRE(claim("node_1") == 0);
  clock.advance(std::chrono::hours(1));  // that of a node says nothing
  CHECK_FALSE(claim("node_2").has_value());
  let_claim_run_out();
  CHECK(claim("node_2") == 0);
  CHECK_FALSE(claim("node_1").has_value());
}

}  // namespace
}  // namespace trunkline::events::grid
