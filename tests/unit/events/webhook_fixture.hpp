#pragma once

#include "events/webhook_queue.hpp"
#include "unit/calls/service_fixture.hpp"

#include <trunkline/events/webhooks.hpp>

#include <catch2/catch.hpp>

#include <string>
#include <vector>

namespace trunkline::events::webhooks::test {

using calls::EventType;
using calls::test::run;

template <class T>
T ok(Result<T> result) {
  INFO((result.has_error() ? result.error().message + " " + result.error().detail : std::string()));
  REQUIRE(result.has_value());
  return std::move(*result);
}

/// A sender's part played by the test, on each driver in turn.
struct Fixture {
  calls::test::Fixture calls;
  net::AddressPolicy policy;
  Registry registry{*calls.database, policy, calls.clock, *calls.ids};

  Endpoint endpoint(std::vector<std::string> types = {}) {
    ok(run(calls.service->number_events()));  // what happened before is not what happens from now on
    return ok(run(registry.create("https://example.com/hook", "", std::move(types))));
  }
  Endpoint find(const std::string& id) { return ok(run(registry.find(id))); }
  Delivery delivery(const std::string& id) { return ok(run(registry.delivery(id))); }
  /// The newest first.
  std::vector<Delivery> deliveries(const std::string& endpoint_id, std::optional<DeliveryState> state = {}) {
    DeliveryFilter filter;
    filter.endpoint_id = endpoint_id;
    filter.state = state;
    filter.limit = 200;
    return ok(run(registry.deliveries(filter))).data;
  }

  std::string arrive(const std::string& sid) { return calls.arrive(sid).call_id; }
  void press(const std::string& call_id) {
    REQUIRE(run(calls.service->append(call_id, EventType::dtmf_received, R"({"digit":"1"})")).has_value());
  }

  Step step(const std::string& endpoint_id, const std::string& node = "node_1") const {
    Step made;
    made.endpoint_id = endpoint_id;
    made.node_id = node;
    made.limit = 16;
    made.now = calls.clock.wall();
    made.claim = std::chrono::seconds(30);
    return made;
  }
  /// What the log holds behind the endpoint's cursor, at most `most`.
  LogPage log(const std::string& endpoint_id, std::size_t most = 500) {
    ok(run(calls.service->number_events()));
    LogPage page{find(endpoint_id).cursor, {}, {}};
    page.events = ok(run(calls.service->events_after(page.after, most)));
    for (std::size_t i = 0; i < page.events.size(); ++i) page.delivery_ids.push_back(calls.ids->make("msg"));
    return page;
  }
  /// Half a minute and a little more by the clock of the database, which nobody moves.
  void let_claims_run_out() {
    REQUIRE(store::test::execute(*calls.database,
                                 "UPDATE webhook_endpoints SET claimed_until = claimed_until - 30001 "
                                 "WHERE claimed_until > 0"));
  }
  std::vector<Offer> offers(const std::string& node) {
    return ok(calls.database->read_blocking<std::vector<Offer>>(
        [&](store::Sql& sql) -> Result<std::vector<Offer>> { return read_offers(sql, node); }));
  }
  StepResult take(const Step& asked) {
    return ok(calls.database->write_blocking<StepResult>([&](store::Sql& sql) { return run_step(sql, asked); }));
  }
  /// One step that takes note of the log.
  StepResult look(const std::string& endpoint_id) {
    Step asked = step(endpoint_id);
    asked.log = log(endpoint_id);
    return take(asked);
  }
  /// One step in which all of `sending` got the same answer.
  StepResult answer(const std::string& endpoint_id, const std::vector<Sending>& sending, int status) {
    Step asked = step(endpoint_id);
    for (const Sending& one : sending) {
      asked.sent.push_back({one, {status, false, status < 300 ? "" : "no", {}, asked.now}, milliseconds(12), 0});
    }
    return take(asked);
  }
};

inline std::vector<std::int64_t> seqs(const std::vector<Sending>& sending) {
  std::vector<std::int64_t> all;
  for (const Sending& one : sending) all.push_back(one.delivery.seq);
  return all;
}

}  // namespace trunkline::events::webhooks::test
