// Events whose handling fails for now, as the sender and the figures see it.

#include "unit/providers/acs/adapter_fixture.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <numeric>

namespace trunkline::providers::acs {
namespace {

using calls::State;
using test::AdapterFixture;
using test::answer_of;
using test::json;
using test::Received;

/// A gateway whose store can be away.
struct Shaken : AdapterFixture {
  Shaken() {
    calls.service->stop();
    calls.service = calls.make_service(calls.flaky);
  }

  milliseconds waited() const { return std::accumulate(waits.begin(), waits.end(), milliseconds{0}); }
};

const std::string answered = R"({"callConnectionId":"conn-1","callConnectionState":"connecting"})";

}  // namespace

TEST_CASE("an event that cannot be stored at first is stored a little later, and acknowledged") {
  Shaken gateway;
  gateway.calls.flaky.fail_writes(3);
  const auto answer = gateway.event_grid(json::array({AdapterFixture::incoming()}));
  CHECK(answer.status == 200);
  CHECK_FALSE(answer.repeated);
  CHECK(answer.retries == 3);
  CHECK(answer.given_up == 0);
  REQUIRE(gateway.waits.size() == 3);
  for (std::size_t i = 1; i < 3; ++i) CHECK(gateway.waits[i] > gateway.waits[i - 1] / 2);
  CHECK(gateway.calls.count("calls") == 1);
  CHECK(gateway.asked(":answer").size() == 1);
}

TEST_CASE("a store that stays away is waited for within limits, then the sender is told to come again") {
  Shaken gateway;
  gateway.calls.flaky.fail_writes(1'000);
  const auto failed = gateway.event_grid(json::array({AdapterFixture::incoming()}));
  CHECK(failed.code == "store_unavailable");
  CHECK(failed.given_up == 1);
  CHECK(failed.retries == gateway.waits.size());
  CHECK(gateway.waited() < gateway.settings.handling_time);
  CHECK(gateway.waited() > gateway.settings.handling_time / 2);
  gateway.calls.flaky.fail_writes(0);
  CHECK(gateway.event_grid(json::array({AdapterFixture::incoming()})).status == 200);
  CHECK(gateway.calls.count("calls") == 1);
}

TEST_CASE("a callback is tried again as well, and has its effect once") {
  Shaken gateway;
  const auto id = gateway.event_grid(json::array({AdapterFixture::incoming()})).call_id;
  gateway.calls.flaky.fail_writes(2);
  const auto connected = gateway.call_back(json::array({AdapterFixture::callback("CallConnected", "e1")}), id);
  CHECK(connected.status == 200);
  CHECK(connected.retries == 2);
  CHECK_FALSE(connected.repeated);
  CHECK(gateway.call(id).state == State::connected);
}

TEST_CASE("all events of a request share the time for trying again") {
  Shaken gateway;
  gateway.calls.flaky.fail_writes(1'000);
  json batch = json::array();
  for (int i = 0; i < 5; ++i) batch.push_back(AdapterFixture::callback("CallConnected", "e" + std::to_string(i)));
  const auto failed = gateway.call_back(batch);
  CHECK(failed.code == "store_unavailable");
  CHECK(failed.given_up == 5);
  CHECK(gateway.waited() < gateway.settings.handling_time);
}

TEST_CASE("an Azure that is throttling is asked again under the same name, with the event still open") {
  AdapterFixture gateway;
  std::atomic<int> refusals = 5;  // one more than the client itself repeats
  gateway.answer_with([&](const Received&) { return refusals-- > 0 ? answer_of(429) : answer_of(200, answered); });
  const auto answer = gateway.event_grid(json::array({AdapterFixture::incoming()}));
  CHECK(answer.status == 200);
  CHECK(answer.retries == 1);
  CHECK_FALSE(answer.repeated);
  CHECK(gateway.call(answer.call_id).state == State::connecting);
  const auto asked = gateway.asked(":answer");
  REQUIRE(asked.size() == 6);
  CHECK(asked.front().header("Repeatability-Request-ID") == asked.back().header("Repeatability-Request-ID"));
}

TEST_CASE("what will not change is answered at once") {
  AdapterFixture gateway;
  gateway.answer_with([](const Received&) { return answer_of(400, R"({"error":{"code":"8500","message":"no"}})"); });
  const auto answer = gateway.event_grid(json::array({AdapterFixture::incoming()}));
  CHECK(answer.status == 200);
  CHECK(answer.retries == 0);
  CHECK(gateway.waits.empty());
  CHECK(gateway.call(answer.call_id).state == State::failed);
}

TEST_CASE("with no time for it the sender is told at once") {
  Shaken gateway;
  gateway.settings.handling_time = milliseconds{0};
  gateway.calls.flaky.fail_writes(1);
  const auto failed = gateway.event_grid(json::array({AdapterFixture::incoming()}));
  CHECK(failed.code == "store_unavailable");
  CHECK(failed.given_up == 1);
  CHECK(gateway.waits.empty());
}

TEST_CASE("the attempts of the client are counted, and whether Azure is left alone") {
  AdapterFixture gateway;
  gateway.answer_with([](const Received&) { return answer_of(503); });
  for (int i = 0; i < 2; ++i) gateway.event_grid(json::array({AdapterFixture::incoming()}));
  const std::string page = gateway.metrics.render();
  CHECK(page.find(R"(trunkline_acs_requests_total{operation="answer",outcome="failed"})") != std::string::npos);
  CHECK(page.find(R"(trunkline_acs_retries_total{operation="answer"})") != std::string::npos);
  CHECK(page.find(R"(trunkline_acs_request_duration_seconds_count{operation="answer"})") != std::string::npos);
  CHECK(page.find("trunkline_acs_circuit_open 1\n") != std::string::npos);
}

TEST_CASE("a trial goes through the same intake, without a proof") {
  AdapterFixture gateway;
  const json event = {{"eventType", "IncomingCall"}, {"id", "t1"}, {"data", AdapterFixture::incoming()["data"]}};
  const auto answer = gateway.try_out(event);
  REQUIRE(answer.status == 200);
  const json said = json::parse(answer.response.body);
  CHECK(said == json{{"eventId", "t1"},
                     {"eventType", "Microsoft.Communication.IncomingCall"},
                     {"callId", answer.call_id},
                     {"repeated", false}});
  CHECK(gateway.call(answer.call_id).state == State::connecting);
  CHECK(json::parse(gateway.try_out(event).response.body)["repeated"] == true);
  const auto connected = gateway.try_out(
      {{"eventType", "CallConnected"}, {"callId", answer.call_id}, {"data", {{"callConnectionId", "conn-1"}}}});
  CHECK(connected.status == 200);
  CHECK(gateway.call(answer.call_id).state == State::connected);
  CHECK(gateway.try_out({{"eventType", "IncomingCall"}}).code == "invalid_parameter");
  CHECK(gateway.try_out({{"data", json::object()}}).code == "invalid_event");
}

}  // namespace trunkline::providers::acs
