#pragma once

#include "unit/net/events.hpp"

#include <trunkline/net/client.hpp>
#include <trunkline/providers/acs/call_automation.hpp>
#include <trunkline/providers/acs/callback.hpp>
#include <trunkline/sim/acs_service.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>
#include <catch2/catch.hpp>

#include <future>
#include <memory>
#include <string>
#include <vector>

namespace trunkline::sim::test {

namespace acs = providers::acs;
namespace ask = providers::acs::requests;

inline const std::string access_key = "0123456789abcdef0123456789abcdef";
inline const std::string resource_id = "11111111-2222-3333-4444-555555555555";

/// The service on a free port, and a client of it that signs with `key`.
struct ServiceFixture {
  explicit ServiceFixture(const std::string& key = access_key) {
    REQUIRE(service.start().has_value());
    acs::CallAutomation::Parts parts{acs::parse_endpoint(service.endpoint()).value(),
                                     acs::access_key_credential(key, system_clock()),
                                     system_clock(),
                                     *ids,
                                     {},
                                     {},
                                     pause};
    client = std::make_unique<acs::CallAutomation>(std::move(parts));
  }
  ~ServiceFixture() { service.stop(); }

  /// Runs `act()` on the service's worker and gives back its answer.
  template <class Act>
  auto on_worker(Act act) {
    auto answer = boost::asio::post(service.worker().context(), std::packaged_task<decltype(act())()>(act));
    if (answer.wait_for(std::chrono::seconds{10}) != std::future_status::ready) FAIL("the worker does not answer");
    return answer.get();
  }

  /// Runs a coroutine to its end on the service's worker.
  template <class T>
  T run(boost::asio::awaitable<T> task) {
    auto answer = boost::asio::co_spawn(service.worker().context(), std::move(task), boost::asio::use_future);
    if (answer.wait_for(std::chrono::seconds{40}) != std::future_status::ready) FAIL("the coroutine does not end");
    return answer.get();
  }

  /// A call that rings, with somebody who keeps its events.
  std::shared_ptr<AcsCall> ring() {
    return on_worker([this] {
      auto call = service.ring(acs::phone_number("+16045551234"), acs::phone_number("+18005550100"));
      call->on_change = [] {};
      return call;
    });
  }

  ask::Answer answer_to(const AcsCall& call) const {
    ask::Answer request;
    request.incoming_call_context = call.incoming_call_context;
    request.setup.callback_uri = "http://127.0.0.1:9/callbacks/call_1";
    request.setup.operation_context = "call_1";
    return request;
  }

  std::shared_ptr<AcsCall> connected() {
    auto call = ring();
    REQUIRE(run(client->answer(answer_to(*call))).has_value());
    events(*call);
    return call;
  }

  /// Takes out what is to be told.
  std::vector<AcsEvent> events(AcsCall& call) {
    return on_worker([&call] {
      std::vector<AcsEvent> out(call.events.begin(), call.events.end());
      call.events.clear();
      return out;
    });
  }
  std::vector<std::string> names(AcsCall& call) {
    std::vector<std::string> out;
    for (const auto& event : events(call)) out.push_back(event.name);
    return out;
  }

  std::unique_ptr<Ids> ids = make_ids(system_clock());
  AcsService service{{.access_key = access_key, .resource_id = resource_id}, *ids, system_clock()};
  std::unique_ptr<acs::CallAutomation> client;
};

/// What our own reader makes of an event.
inline acs::Occurrence read(const AcsEvent& event) {
  INFO(event.body);
  const auto envelopes = acs::read_envelopes(event.body);
  REQUIRE(envelopes.has_value());
  REQUIRE(envelopes->size() == 1);
  REQUIRE(envelopes->front().has_value());
  const auto callback = acs::read_callback(*envelopes->front(), system_clock().wall());
  REQUIRE(callback.has_value());
  REQUIRE(std::holds_alternative<acs::Occurrence>(*callback));
  return std::get<acs::Occurrence>(*callback);
}

}  // namespace trunkline::sim::test
