#include "events/webhook_again.hpp"
#include "unit/events/webhook_fixture.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <functional>
#include <future>

namespace trunkline::events::webhooks {
namespace {

using test::Fixture;
using test::ok;
using test::run;
using test::seqs;
using Seqs = std::vector<std::int64_t>;

TEST_CASE("an endpoint is shown without its secret") {
  Fixture fixture;
  const auto made = fixture.endpoint({"call.*", "transcript.segment"});
  CHECK(made.secret.starts_with("whsec_"));
  const auto found = fixture.find(made.id);
  CHECK(found.secret == made.secret);
  const auto shown = nlohmann::json::parse(to_json_text(found));
  CHECK(shown["secretPrefix"] == made.secret.substr(0, 10));
  CHECK(to_json_text(found).find(made.secret) == std::string::npos);
  CHECK(shown["types"] == nlohmann::json{"call.*", "transcript.segment"});
  CHECK(shown["state"] == "enabled");
  CHECK(ok(run(fixture.registry.list())).size() == 1);
}

TEST_CASE("there are fifty endpoints at most") {
  Fixture fixture;
  for (std::size_t i = 0; i < max_endpoints; ++i) fixture.endpoint();
  const auto one_more = run(fixture.registry.create("https://example.com/", "", {}));
  REQUIRE(one_more.has_error());
  CHECK(one_more.error().code == "too_many_webhook_endpoints");
  REQUIRE(run(fixture.registry.remove(ok(run(fixture.registry.list())).front().id)).has_value());
  fixture.endpoint();
}

TEST_CASE("who makes the last endpoint makes it alone") {
  Fixture fixture;
  for (std::size_t i = 1; i < max_endpoints; ++i) fixture.endpoint();
  std::vector<std::unique_ptr<store::Database>> nodes;
  const std::size_t others = fixture.calls.database->driver() == "sqlite" ? 0 : 5;
  for (std::size_t i = 0; i < others; ++i) nodes.push_back(fixture.calls.home.open());
  std::vector<std::future<bool>> made;
  for (std::size_t i = 0; i <= others; ++i) {
    store::Database& database = i == others ? *fixture.calls.database : *nodes[i];
    made.push_back(std::async(std::launch::async, [&fixture, &database] {
      Registry registry(database, fixture.policy, fixture.calls.clock, *fixture.calls.ids);
      return run(registry.create("https://example.com/", "", {})).has_value();
    }));
  }
  CHECK(std::ranges::count_if(made, [](auto& one) { return one.get(); }) == 1);
  CHECK(fixture.calls.count("webhook_endpoints") == static_cast<std::int64_t>(max_endpoints));
}

TEST_CASE("what is changed is changed, the rest stays") {
  Fixture fixture;
  const auto made = fixture.endpoint({"call.*"});
  fixture.calls.clock.advance(milliseconds(5));
  EndpointChange change;
  change.description = "for the CRM";
  const auto changed = ok(run(fixture.registry.change(made.id, change)));
  CHECK(changed.description == "for the CRM");
  CHECK(changed.url == made.url);
  CHECK(changed.types == made.types);
  CHECK(changed.updated_at == made.updated_at + milliseconds(5));
  CHECK(changed.enabled);
  change.enabled = false;
  CHECK(ok(run(fixture.registry.change(made.id, change))).reason == "api");
  CHECK(run(fixture.registry.test(made.id)).error().code == "webhook_endpoint_disabled");
  CHECK(run(fixture.registry.change("we_nobody", change)).error().code == "webhook_endpoint_not_found");
}

TEST_CASE("a rotated secret leaves the old one good for a day") {
  Fixture fixture;
  const auto made = fixture.endpoint();
  const auto rotated = ok(run(fixture.registry.rotate_secret(made.id)));
  CHECK(rotated.secret != made.secret);
  CHECK(rotated.previous_secret == made.secret);
  CHECK(rotated.previous_valid_until == fixture.calls.clock.wall() + std::chrono::hours(24));
}

TEST_CASE("a test goes before everything that waits, also to an endpoint that is paused") {
  Fixture fixture;
  const auto id = fixture.endpoint().id;
  for (const char* sid : {"CA1", "CA2", "CA3", "CA4"}) fixture.arrive(sid);
  fixture.answer(id, fixture.look(id).sending, 500);
  CHECK(fixture.take(fixture.step(id)).sending.empty());
  const auto asked = ok(run(fixture.registry.test(id)));
  CHECK(asked.type == "webhook.test");
  CHECK(asked.call_id.empty());
  const auto probe = fixture.take(fixture.step(id)).sending;
  REQUIRE(probe.size() == 1);
  CHECK(probe.front().delivery.id == asked.id);
  CHECK(fixture.answer(id, probe, 200).sending.size() == 4);
  CHECK(fixture.delivery(asked.id).state == DeliveryState::delivered);
}

TEST_CASE("deliveries are listed in pages, the newest first, by state and call") {
  Fixture fixture;
  const auto id = fixture.endpoint().id;
  const auto one = fixture.arrive("CA1");
  fixture.arrive("CA2");
  fixture.answer(id, fixture.look(id).sending, 200);
  DeliveryFilter filter;
  filter.endpoint_id = id;
  filter.limit = 3;
  const auto first = ok(run(fixture.registry.deliveries(filter)));
  REQUIRE(first.data.size() == 3);
  CHECK(first.data.front().seq == 4);
  filter.cursor = first.next_cursor;
  const auto last = ok(run(fixture.registry.deliveries(filter)));
  REQUIRE(last.data.size() == 1);
  CHECK(last.data.front().seq == 1);
  CHECK(last.next_cursor.empty());
  CHECK(fixture.deliveries(id, DeliveryState::delivered).size() == 2);
  CHECK(fixture.deliveries(id, DeliveryState::pending).size() == 2);
  CHECK(fixture.deliveries(id, DeliveryState::dead).empty());
  filter.cursor.clear();
  filter.call_id = one;
  CHECK(ok(run(fixture.registry.deliveries(filter))).data.size() == 2);
  filter.cursor = "nonsense";
  CHECK(run(fixture.registry.deliveries(filter)).error().code == "invalid_cursor");
}

TEST_CASE("one that was delivered is delivered again, with the same id and before what waits in its call") {
  Fixture fixture;
  const auto id = fixture.endpoint().id;
  const auto call = fixture.arrive("CA1");
  const auto first = fixture.look(id).sending;
  const auto second = fixture.answer(id, first, 200).sending;
  fixture.press(call);
  fixture.look(id);
  const auto again = ok(run(fixture.registry.redeliver(first.front().delivery.id)));
  CHECK(again.state == DeliveryState::pending);
  CHECK(again.attempts == 0);
  CHECK(fixture.take(fixture.step(id)).sending.empty());  // one of the call is under way
  const auto next = fixture.answer(id, second, 200).sending;
  CHECK(seqs(next) == Seqs{1});
  CHECK(next.front().delivery.id == first.front().delivery.id);
  CHECK(seqs(fixture.answer(id, next, 200).sending) == Seqs{3});
}

TEST_CASE("one that waits for its time is due at once when it is asked for") {
  Fixture fixture;
  const auto id = fixture.endpoint().id;
  fixture.arrive("CA1");
  const auto first = fixture.look(id).sending;
  CHECK(fixture.answer(id, first, 500).sending.empty());
  REQUIRE(run(fixture.registry.redeliver(first.front().delivery.id)).has_value());
  CHECK(seqs(fixture.take(fixture.step(id)).sending) == Seqs{1});
}

TEST_CASE("the log is delivered again from a place in it, also what was never owed") {
  Fixture fixture;
  fixture.arrive("CA1");
  const auto id = fixture.endpoint().id;
  fixture.arrive("CA2");
  auto sending = fixture.look(id).sending;
  sending = fixture.answer(id, sending, 200).sending;
  fixture.answer(id, sending, 200);
  const auto told = fixture.deliveries(id);
  CHECK(ok(run(fixture.registry.redeliver_all(id, AfterSeq{1}))) == 0);  // it comes from the log
  CHECK(seqs(fixture.look(id).sending) == Seqs{2, 3});
  CHECK(fixture.deliveries(id).size() == 3);
  CHECK(fixture.delivery(told.front().id).state == DeliveryState::pending);
  CHECK(fixture.delivery(told.front().id).attempts == 0);
  CHECK(ok(run(fixture.registry.redeliver_all(id, DeadOnes{}))) == 0);
  CHECK(run(fixture.registry.redeliver_all("we_nobody", AfterSeq{1})).error().code == "webhook_endpoint_not_found");
  CHECK(run(fixture.registry.redeliver_all("we_nobody", DeadOnes{})).error().code == "webhook_endpoint_not_found");
}

TEST_CASE("what was stored from some time on is delivered again, past what is missing in the log") {
  Fixture fixture;
  const auto id = fixture.endpoint().id;
  for (int i = 0; i < 4; ++i) {  // two events each
    fixture.calls.clock.advance(std::chrono::minutes(1));
    fixture.arrive("CA" + std::to_string(i));
  }
  const auto since = fixture.calls.clock.wall() - std::chrono::minutes(1);
  fixture.look(id);
  REQUIRE(store::test::execute(*fixture.calls.database,
                               "UPDATE webhook_deliveries SET state = 'delivered', settled_at = 1"));
  const auto again_from = [&](WallTime time) {
    REQUIRE(run(fixture.registry.redeliver_all(id, Since{time})).has_value());
    return fixture.find(id).cursor;
  };
  CHECK(again_from(fixture.calls.clock.wall() + milliseconds(1)) == 8);
  CHECK(again_from(since) == 4);
  CHECK(seqs(fixture.look(id).sending) == Seqs{5, 7});
  REQUIRE(store::test::execute(*fixture.calls.database, "DELETE FROM event_log WHERE seq IN (4, 5)"));
  CHECK(again_from(since) == 3);
  CHECK(again_from(from_millis(0)) == 0);
}

TEST_CASE("an earlier one that is delivered again takes the turn of one that waits for its time") {
  Fixture fixture;
  const auto id = fixture.endpoint().id;
  fixture.arrive("CA1");
  const auto second = fixture.answer(id, fixture.look(id).sending, 200).sending;
  CHECK(fixture.answer(id, second, 400).sending.empty());
  REQUIRE(run(fixture.registry.redeliver_all(id, AfterSeq{0})).has_value());
  const auto first = fixture.look(id).sending;
  CHECK(seqs(first) == Seqs{1});
  CHECK(fixture.answer(id, first, 200).sending.empty());
  fixture.calls.clock.advance(std::chrono::seconds(6));
  CHECK(seqs(fixture.take(fixture.step(id)).sending) == Seqs{2});
}

/// Looks at what a transaction has changed before the next one begins.
class WatchedDatabase final : public store::test::WrappedDatabase {
 public:
  WatchedDatabase(store::Database& inner, std::function<void()> after_write)
      : WrappedDatabase(inner), after_write_(std::move(after_write)) {}

 private:
  void submit(Access access, std::function<Result<>(store::Sql&)> work, std::function<void(Result<>)> done) override {
    const auto passed = pass(access, std::move(work));
    if (access == Access::write) after_write_();
    done(passed);
  }

  std::function<void()> after_write_;
};

TEST_CASE("weeks of dead ones are delivered again in parts, each call's in order") {
  Fixture fixture;
  const auto id = fixture.endpoint().id;
  constexpr std::int64_t dead = 3 * max_part + 7;
  constexpr std::int64_t calls = 10;
  REQUIRE(fixture.calls.database
              ->write_blocking<bool>([&](store::Sql& sql) -> Result<bool> {
                for (std::int64_t seq = 1; seq <= dead; ++seq) {
                  sql.post(
                      "INSERT INTO webhook_deliveries (id, endpoint_id, event_id, seq, call_id, type, state, due_at, "
                      "next_attempt_at, created_at, settled_at, attempts) VALUES ($1, $2, $1, $3, $4, 'dtmf.received', "
                      "'dead', 0, 0, 0, 1, 10)",
                      {"msg_" + std::to_string(seq), id, seq, "call_" + std::to_string(seq % calls)});
                }
                return true;
              })
              .has_value());
  std::vector<std::int64_t> pending = {0};
  WatchedDatabase watched(*fixture.calls.database, [&] {
    pending.push_back(fixture.calls.count("webhook_deliveries WHERE settled_at IS NULL"));
  });
  Registry registry(watched, fixture.policy, fixture.calls.clock, *fixture.calls.ids);
  CHECK(ok(run(registry.redeliver_all(id, DeadOnes{}))) == dead);
  CHECK(pending == std::vector<std::int64_t>{0, max_part, 2 * max_part, 3 * max_part, dead});
  CHECK(fixture.calls.count("webhook_deliveries WHERE state = 'ready' AND attempts = 0 AND seq <= 10") == calls);
  CHECK(fixture.calls.count("webhook_deliveries WHERE state = 'waiting'") == dead - calls);
}

TEST_CASE("a URL is judged when it is given, as far as it can be") {
  const net::AddressPolicy strict;
  const std::vector<std::string> loopback = {"127.0.0.0/8"};
  const auto open = net::AddressPolicy::allowing(loopback).value();
  for (const char* fine : {"https://example.com/hook?a=b", "https://8.8.8.8/", "https://[2606:4700::1111]:8443/x"}) {
    CAPTURE(fine);
    CHECK(fault_of_url(fine, strict).empty());
  }
  for (const char* bad : {"", "example.com", "ftp://example.com/", "wss://example.com/", "https://user@example.com/",
                          "http://example.com/", "https://127.0.0.1/", "https://[::1]/", "https://[::ffff:10.0.0.1]/",
                          "https://169.254.169.254/latest/", "https://10.1.2.3/"}) {
    CAPTURE(bad);
    CHECK_FALSE(fault_of_url(bad, strict).empty());
  }
  CHECK(fault_of_url("http://127.0.0.1:9000/", open).empty());
  CHECK(fault_of_url("http://localhost/", open).empty());
  CHECK_FALSE(fault_of_url("http://8.8.8.8/", open).empty());
  CHECK_FALSE(fault_of_url("https://example.com/" + std::string(2'048, 'x'), strict).empty());
}

TEST_CASE("types are those that are kept") {
  for (const char* fine : {"call.closed", "call.*", "transcript.*"}) CHECK(fault_of_type(fine).empty());
  for (const char* bad : {"", "*", "call.ended", "transcript.interim", "calls.*"}) {
    CAPTURE(bad);
    CHECK_FALSE(fault_of_type(bad).empty());
  }
}

}  // namespace
}  // namespace trunkline::events::webhooks
