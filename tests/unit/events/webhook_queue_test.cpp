#include "unit/events/webhook_fixture.hpp"

#include <catch2/catch.hpp>

#include <future>

namespace trunkline::events::webhooks {
namespace {

using test::Fixture;
using test::ok;
using test::run;
using test::seqs;
using Seqs = std::vector<std::int64_t>;
using std::chrono::seconds;

TEST_CASE("a new endpoint is owed what happens from then on, a call's events one at a time, calls beside each other") {
  Fixture fixture;
  const auto one = fixture.arrive("CA1");  // 1, 2
  const auto id = fixture.endpoint().id;
  const auto two = fixture.arrive("CA2");  // 3, 4
  fixture.press(one);                      // 5
  const auto first = fixture.look(id);
  CHECK(first.mine);
  CHECK(seqs(first.sending) == Seqs{3, 5});
  CHECK(fixture.find(id).cursor == 5);
  CHECK(fixture.take(fixture.step(id)).sending.empty());  // they are under way

  const auto second = fixture.answer(id, first.sending, 200);
  CHECK(seqs(second.sending) == Seqs{4});
  CHECK(fixture.answer(id, second.sending, 204).sending.empty());
  for (const auto& delivery : fixture.deliveries(id)) {
    CHECK(delivery.state == DeliveryState::delivered);
    CHECK(delivery.attempts == 1);
    CHECK(delivery.delivered_at == fixture.calls.clock.wall());
    CHECK(delivery.latency_ms == 12);
  }
}

TEST_CASE("only the types that were asked for are owed") {
  Fixture fixture;
  const auto id = fixture.endpoint({"dtmf.*"}).id;
  const auto call = fixture.arrive("CA1");
  fixture.press(call);
  CHECK(seqs(fixture.look(id).sending) == Seqs{3});
  CHECK(fixture.find(id).cursor == 3);
}

TEST_CASE("taking note of the same part of the log again changes nothing") {
  Fixture fixture;
  const auto id = fixture.endpoint().id;
  fixture.arrive("CA1");
  Step asked = fixture.step(id);
  asked.log = fixture.log(id);
  fixture.take(asked);
  fixture.take(asked);  // behind where the endpoint stands now
  CHECK(fixture.deliveries(id).size() == 2);
  REQUIRE(run(fixture.registry.redeliver_all(id, AfterSeq{0})).has_value());
  fixture.look(id);  // from the beginning once more
  CHECK(fixture.deliveries(id).size() == 2);
}

TEST_CASE("what fails waits for its time, and the later events of its call with it") {
  Fixture fixture;
  const auto id = fixture.endpoint().id;
  fixture.arrive("CA1");
  const auto failed = fixture.answer(id, fixture.look(id).sending, 500);
  CHECK(failed.sending.empty());
  CHECK(failed.next == fixture.calls.clock.wall() + seconds(5));
  CHECK(failed.health.failing_since.has_value());
  fixture.arrive("CA2");
  CHECK(seqs(fixture.look(id).sending) == Seqs{3});  // another call is not held up
  fixture.calls.clock.advance(seconds(5));
  const auto again = fixture.take(fixture.step(id));
  CHECK(seqs(again.sending) == Seqs{1});
  CHECK(again.sending.front().plan.attempts == 1);
}

TEST_CASE("a dead delivery makes room for the next of its call") {
  Fixture fixture;
  const auto id = fixture.endpoint().id;
  fixture.arrive("CA1");
  auto sending = fixture.look(id).sending;
  for (int attempt = 1; attempt <= 10; ++attempt) {
    REQUIRE(seqs(sending) == Seqs{1});
    sending = fixture.answer(id, sending, 400).sending;
    if (attempt == 10) break;
    fixture.calls.clock.advance(std::chrono::hours(25));
    sending = fixture.take(fixture.step(id)).sending;
  }
  CHECK(fixture.deliveries(id, DeliveryState::dead).size() == 1);
  fixture.calls.clock.advance(seconds(70));  // the endpoint is paused
  CHECK(seqs(fixture.take(fixture.step(id)).sending) == Seqs{2});
}

TEST_CASE("a failing endpoint gets one probe at a time; when it is well again everything is due") {
  Fixture fixture;
  const auto id = fixture.endpoint().id;
  for (const char* sid : {"CA1", "CA2", "CA3", "CA4"}) fixture.arrive(sid);
  const auto failed = fixture.answer(id, fixture.look(id).sending, 0);
  CHECK(failed.judgements[1].paused);
  CHECK(failed.sending.empty());
  REQUIRE(failed.next.has_value());
  fixture.calls.clock.advance(*failed.next - fixture.calls.clock.wall());
  const auto probe = fixture.take(fixture.step(id));
  CHECK(probe.sending.size() == 1);
  CHECK_FALSE(probe.next.has_value());
  const auto well = fixture.answer(id, probe.sending, 200);
  CHECK(well.judgements.front().recovered_since.has_value());
  CHECK(well.sending.size() == 4);  // the next of the probe's call, and the others at once
  const auto& early = well.sending.back().plan;
  CHECK(early.attempts == 1);
  CHECK(early.due > fixture.calls.clock.wall());  // so that it costs nothing when it fails once more
  CHECK_FALSE(fixture.find(id).failing_since.has_value());
}

TEST_CASE("410 disables an endpoint; once enabled it gets what it missed") {
  Fixture fixture;
  const auto id = fixture.endpoint().id;
  fixture.arrive("CA1");
  const auto gone = fixture.answer(id, fixture.look(id).sending, 410);
  CHECK(gone.judgements.front().gone);
  CHECK_FALSE(gone.endpoint.enabled);
  CHECK(fixture.find(id).reason == "gone");
  fixture.arrive("CA2");
  CHECK(fixture.look(id).sending.empty());
  CHECK(fixture.find(id).cursor == 2);

  EndpointChange enable;
  enable.enabled = true;
  CHECK(ok(run(fixture.registry.change(id, enable))).reason.empty());
  CHECK(seqs(fixture.look(id).sending) == Seqs{1, 3});
}

TEST_CASE("an endpoint belongs to one node until its claim ends, and then what was under way is sent again") {
  Fixture fixture;
  const auto id = fixture.endpoint().id;
  fixture.arrive("CA1");
  const auto first = fixture.look(id);
  CHECK_FALSE(fixture.take(fixture.step(id, "node_2")).mine);
  CHECK_FALSE(fixture.offers("node_2").front().claimable);
  CHECK(fixture.offers("node_1").front().claimable);
  fixture.let_claims_run_out();
  CHECK(fixture.offers("node_2").front().claimable);
  Step taking = fixture.step(id, "node_2");
  taking.first = true;
  const auto taken = fixture.take(taking);
  REQUIRE(taken.mine);
  REQUIRE(taken.sending.size() == 1);
  CHECK(taken.sending.front().delivery.id == first.sending.front().delivery.id);  // the same webhook-id
  CHECK_FALSE(fixture.take(fixture.step(id)).mine);
}

TEST_CASE("claims go by the clock of the database, however much those of the nodes differ") {
  Fixture fixture;
  const auto id = fixture.endpoint().id;
  fixture.arrive("CA1");
  CHECK(fixture.look(id).mine);
  fixture.calls.clock.advance(std::chrono::hours(1));  // a node that is ahead
  CHECK_FALSE(fixture.offers("node_2").front().claimable);
  CHECK_FALSE(fixture.take(fixture.step(id, "node_2")).mine);
  fixture.calls.clock.advance(-std::chrono::hours(2));  // and one that is behind
  fixture.let_claims_run_out();
  CHECK(fixture.take(fixture.step(id, "node_2")).mine);
}

TEST_CASE("whoever lets go of an endpoint leaves what was under way to the next") {
  Fixture fixture;
  const auto id = fixture.endpoint().id;
  fixture.arrive("CA1");
  fixture.look(id);
  REQUIRE(fixture.calls.database
              ->write_blocking<bool>([&](store::Sql& sql) -> Result<bool> {
                release(sql, id, "node_2");  // not its own
                release(sql, id, "node_1");
                return true;
              })
              .has_value());
  CHECK(seqs(fixture.take(fixture.step(id, "node_2")).sending) == Seqs{1});
}

TEST_CASE("two nodes at once: one gets the endpoint, and nothing is under way twice") {
  Fixture fixture;
  const auto id = fixture.endpoint().id;
  for (int i = 0; i < 20; ++i) fixture.arrive("CA" + std::to_string(i));
  const LogPage log = fixture.log(id);
  std::vector<std::future<StepResult>> nodes;
  for (int node = 0; node < 4; ++node) {
    nodes.push_back(std::async(std::launch::async, [&, node] {
      Step asked = fixture.step(id, "node_" + std::to_string(node));
      asked.log = log;
      return fixture.calls.database->write_blocking<StepResult>([&](store::Sql& sql) { return run_step(sql, asked); })
          .value();
    }));
  }
  std::size_t owners = 0;
  std::size_t under_way = 0;
  for (auto& node : nodes) {
    const StepResult result = node.get();
    owners += result.mine ? 1 : 0;
    under_way += result.sending.size();
  }
  CHECK(owners == 1);
  CHECK(under_way == 16);
}

TEST_CASE("when so much is pending the log waits, and nothing of it is lost") {
  Fixture fixture;
  const auto id = fixture.endpoint().id;
  const auto call = fixture.arrive("CA1");
  fixture.look(id);
  REQUIRE(fixture.calls.database
              ->write_blocking<bool>([&](store::Sql& sql) -> Result<bool> {
                for (std::int64_t i = 2; i < max_pending; ++i) {
                  sql.post(
                      "INSERT INTO webhook_deliveries (id, endpoint_id, event_id, seq, call_id, type, state, "
                      "due_at, next_attempt_at, created_at) VALUES ($1, $2, $1, $3, $4, 'dtmf.received', 'waiting', 0, "
                      "0, 0)",
                      {"msg_" + std::to_string(i), id, i, call});
                }
                return true;
              })
              .has_value());
  fixture.press(call);
  const auto full = fixture.look(id);
  CHECK(full.full);
  CHECK(fixture.find(id).cursor == 2);
}

TEST_CASE("what is pending and what is dead is counted, up to a limit") {
  Fixture fixture;
  const auto id = fixture.endpoint().id;
  for (const char* sid : {"CA1", "CA2"}) fixture.arrive(sid);
  fixture.look(id);
  REQUIRE(store::test::execute(*fixture.calls.database,
                               "UPDATE webhook_deliveries SET state = 'dead', settled_at = 1 WHERE seq = 1"));
  const auto counted = [&](std::int64_t most) {
    return fixture.calls.database
        ->read_blocking<Backlog>([&](store::Sql& sql) -> Result<Backlog> { return count_backlog(sql, most); })
        .value();
  };
  CHECK(counted(10).pending == 3);
  CHECK(counted(10).dead == 1);
  CHECK(counted(2).pending == 2);
}

TEST_CASE("deliveries are forgotten some time after they were settled, those of a deleted endpoint at once") {
  Fixture fixture;
  const auto id = fixture.endpoint().id;
  const auto other = fixture.endpoint().id;
  fixture.arrive("CA1");
  fixture.answer(id, fixture.look(id).sending, 200);
  fixture.look(other);
  const auto pruned = [&](WallTime before) {
    return fixture.calls.database
        ->write_blocking<std::int64_t>([&](store::Sql& sql) -> Result<std::int64_t> { return prune(sql, before, 100); })
        .value();
  };
  CHECK(pruned(fixture.calls.clock.wall()) == 0);
  CHECK(pruned(fixture.calls.clock.wall() + milliseconds(1)) == 1);
  CHECK(fixture.deliveries(id).size() == 1);
  REQUIRE(run(fixture.registry.remove(other)).has_value());
  CHECK(run(fixture.registry.find(other)).error().code == "webhook_endpoint_not_found");
  CHECK(pruned(from_millis(0)) == 2);
  CHECK(fixture.calls.count("webhook_endpoints") == 1);
}

}  // namespace
}  // namespace trunkline::events::webhooks
