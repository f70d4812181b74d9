#include "unit/calls/service_fixture.hpp"

#include <trunkline/api/idempotent_requests.hpp>

#include <boost/asio/detached.hpp>
#include <catch2/catch.hpp>

using namespace trunkline;
using namespace std::chrono_literals;
using calls::test::run;
using Requests = api::IdempotentRequests;
using Verdict = Requests::Verdict;

namespace {

/// Two nodes on one database.
struct TwoNodes {
  Requests::Standing begin(Requests& node, const std::string& fingerprint = "body") {
    const auto standing = run(node.begin({"key", fingerprint}));
    REQUIRE(standing.has_value());
    return *standing;
  }
  void keep(Requests& node, const std::string& attempt, const std::string& body = "{}") {
    REQUIRE(run(node.keep("key", attempt, {201, "application/json", "/api/v1/things/1", body})).has_value());
  }

  store::test::AnyDatabase place;
  std::unique_ptr<store::Database> database = place.open();
  test::ManualClock clock;
  std::unique_ptr<Ids> ids = make_ids(clock);
  Requests one{*database, clock, *ids, 24h};
  Requests other{*database, clock, *ids, 24h};
};

}  // namespace

TEST_CASE_METHOD(TwoNodes, "a request is begun once, and its answer given again on every node") {
  const auto begun = begin(one);
  CHECK(begun.verdict == Verdict::begun);
  CHECK(begin(one).verdict == Verdict::in_flight);
  CHECK(begin(other).verdict == Verdict::in_flight);
  CHECK(begin(other, "another body").verdict == Verdict::reused);
  keep(one, begun.attempt, R"({"id":"1"})");
  const auto repeated = begin(other);
  CHECK(repeated.verdict == Verdict::repeated);
  CHECK(repeated.answer.status == 201);
  CHECK(repeated.answer.content_type == "application/json");
  CHECK(repeated.answer.location == "/api/v1/things/1");
  CHECK(repeated.answer.body == R"({"id":"1"})");
  CHECK(begin(other, "another body").verdict == Verdict::reused);
}

TEST_CASE_METHOD(TwoNodes, "a request that is withdrawn may be tried again, also with another body") {
  const auto begun = begin(one);
  REQUIRE(run(one.withdraw("key", begun.attempt)).has_value());
  CHECK(begin(other, "another body").verdict == Verdict::begun);
}

TEST_CASE_METHOD(TwoNodes, "a node that died with a request does not keep its key for ever") {
  const auto dead = begin(one);
  clock.advance(Requests::in_flight_limit - 1ms);
  CHECK(begin(other).verdict == Verdict::in_flight);
  clock.advance(1ms);
  CHECK(begin(other, "another body").verdict == Verdict::reused);
  const auto next = begin(other);
  REQUIRE(next.verdict == Verdict::begun);
  CHECK(begin(one).verdict == Verdict::in_flight);

  // It was only slow, and has lost its say.
  keep(one, dead.attempt, "late");
  REQUIRE(run(one.withdraw("key", dead.attempt)).has_value());
  CHECK(begin(one).verdict == Verdict::in_flight);
  keep(other, next.attempt, "right");
  CHECK(begin(one).answer.body == "right");
}

TEST_CASE_METHOD(TwoNodes, "an answer is given again for as long as it is kept, and the key is free afterwards") {
  keep(one, begin(one).attempt);
  clock.advance(24h);
  CHECK(begin(one).verdict == Verdict::repeated);
  clock.advance(1ms);
  CHECK(begin(one, "another body").verdict == Verdict::begun);
}

TEST_CASE_METHOD(TwoNodes, "what is too old is forgotten, some at a time") {
  for (int i = 0; i < 3; ++i) REQUIRE(run(one.begin({"key" + std::to_string(i), ""})).has_value());
  CHECK(run(one.forget(2)).value() == 0);
  clock.advance(24h + 1ms);
  REQUIRE(run(one.begin({"young", ""})).has_value());
  CHECK(run(one.forget(2)).value() == 2);
  CHECK(run(one.forget(2)).value() == 1);
  CHECK(run(one.forget(2)).value() == 0);
  CHECK(run(one.begin({"young", ""}))->verdict == Verdict::in_flight);
}

TEST_CASE_METHOD(TwoNodes, "of many that ask at once one begins") {
  asio::io_context loop;
  std::atomic<int> begun = 0;
  for (int i = 0; i < 20; ++i) {
    asio::co_spawn(
        loop,
        [this, i, &begun]() -> asio::awaitable<void> {
          api::RequestIdentity identity{"key", "body"};
          const auto standing = co_await (i % 2 == 0 ? one : other).begin(identity);
          if (standing && standing->verdict == Verdict::begun) ++begun;
        },
        asio::detached);
  }
  loop.run();
  CHECK(begun == 1);
}
