#include "unit/providers/acs/adapter_fixture.hpp"

#include <catch2/catch.hpp>

namespace trunkline::providers::acs {
namespace {

using calls::State;
using test::AdapterFixture;
using test::answer_of;
using test::callee;
using test::caller;
using test::json;
using test::Received;

json validation() {
  return json::array({{{"id", "v1"},
                       {"topic", "/subscriptions/1"},
                       {"subject", ""},
                       {"eventType", "Microsoft.EventGrid.SubscriptionValidationEvent"},
                       {"eventTime", "2026-09-21T14:13:20Z"},
                       {"dataVersion", "1"},
                       {"data", {{"validationCode", "code-1"}}}}});
}

TEST_CASE("a subscription is validated for who knows the secret, with 200 and its code") {
  AdapterFixture gateway;
  const auto answer = gateway.event_grid(validation());
  CHECK(answer.status == 200);
  CHECK(answer.response.body == R"({"validationResponse":"code-1"})");
  const auto refused = gateway.send(validation().dump(), {{"X-Event-Grid-Secret", "wrong"}});
  CHECK(refused.code == "signature_invalid");
  CHECK(refused.unproven);
  CHECK(gateway.send(validation().dump(), {}).code == "signature_missing");
  CHECK(gateway.send(validation().dump(), {{"X-Event-Grid-Secret", "word"}}, "POST", "", "/webhooks/eventgrid/validate")
            .status == 200);
}

TEST_CASE("a subscription of another name is not validated") {
  AdapterFixture gateway;
  gateway.settings.event_grid_subscriptions = {"calls"};
  const auto of = [&](const std::string& name) {
    return gateway.send(validation().dump(), {{"X-Event-Grid-Secret", "word"}, {"aeg-subscription-name", name}});
  };
  CHECK(of("CALLS").status == 200);
  CHECK(of("STRANGER").code == "invalid_parameter");
}

TEST_CASE("Event Grid is told that it may send CloudEvents, and nobody else") {
  AdapterFixture gateway;
  const auto answer = gateway.send("", {{"WebHook-Request-Origin", "eventgrid.azure.net"}}, "OPTIONS");
  CHECK(answer.status == 200);
  CHECK(net::find_header(answer.response.headers, "WebHook-Allowed-Origin") == "eventgrid.azure.net");
  CHECK(gateway.send("", {{"WebHook-Request-Origin", "evil.example"}}, "OPTIONS").code == "invalid_parameter");
}

TEST_CASE("a call that rings is answered with media and callbacks under our address") {
  AdapterFixture gateway;
  const auto answer = gateway.event_grid(json::array({AdapterFixture::incoming()}));
  CHECK(answer.status == 200);
  const auto call = gateway.call(answer.call_id);
  CHECK(call.state == State::connecting);
  CHECK(call.from == caller);
  CHECK(call.to == callee);
  CHECK(call.provider == "acs");
  CHECK(call.provider_call_id == "corr-1");
  CHECK(call.metadata.at("callConnectionId") == "conn-1");
  CHECK(call.metadata.at("callerName") == "Ada");

  const auto asked = gateway.asked(":answer");
  REQUIRE(asked.size() == 1);
  const json body = json::parse(asked[0].body);
  CHECK(body["incomingCallContext"] == "ctx-1");
  CHECK(body["callbackUri"] == "https://gw.example/webhooks/azure/events?callId=" + call.id);
  const auto media = body["mediaStreamingOptions"];
  CHECK_THAT(media["transportUrl"].get<std::string>(),
             Catch::StartsWith("wss://gw.example/media/acs/" + call.id + "?token="));
  CHECK(media["enableBidirectional"] == true);
  CHECK(media["startMediaStreaming"] == true);
  CHECK(media["audioFormat"] == "pcm16KMono");
  CHECK(gateway.streams.expected(gateway.calls.clock.mono()) == 1);
}

TEST_CASE("a call that is announced twice is answered once") {
  AdapterFixture gateway;
  const json event = AdapterFixture::incoming();
  const auto first = gateway.event_grid(json::array({event}));
  const auto second = gateway.event_grid(event);  // and as one object
  CHECK(second.status == 200);
  CHECK(second.call_id == first.call_id);
  CHECK(second.repeated);
  json other = event;
  other["id"] = "another event";
  CHECK(gateway.event_grid(json::array({other})).call_id == first.call_id);
  CHECK(gateway.asked(":answer").size() == 1);
}

TEST_CASE("a call that could not be answered is asked for again, under the same name, when it is announced again") {
  AdapterFixture gateway;
  gateway.answer_with([](const Received&) { return std::string(); });  // hangs up
  const json event = json::array({AdapterFixture::incoming()});
  const auto failed = gateway.event_grid(event);
  CHECK(failed.status == 0);
  const auto tries = gateway.asked(":answer");
  REQUIRE_FALSE(tries.empty());
  gateway.answer_with([](const Received&) {
    return answer_of(200, R"({"callConnectionId":"conn-1","callConnectionState":"connecting"})");
  });
  const auto answered = gateway.event_grid(event);
  CHECK(answered.status == 200);
  CHECK(gateway.call(answered.call_id).state == State::connecting);
  const auto again = gateway.asked(":answer");
  CHECK(again.back().header("Repeatability-Request-ID") == tries.front().header("Repeatability-Request-ID"));
  CHECK(again.back().body == tries.front().body);
}

TEST_CASE("a call that does not ring any more is acknowledged, and over") {
  AdapterFixture gateway;
  gateway.answer_with([](const Received&) {
    return answer_of(400,
                     R"({"error":{"code":"8523","message":"Invalid lifetime validation of the signed http request"}})");
  });
  const auto answer = gateway.event_grid(json::array({AdapterFixture::incoming()}));
  CHECK(answer.status == 200);
  CHECK(gateway.call(answer.call_id).state == State::cancelled);
}

TEST_CASE("a route that rejects is told to the provider, and no media is expected") {
  AdapterFixture gateway;
  json event = AdapterFixture::incoming();
  event["data"]["to"]["phoneNumber"]["value"] = "+14155550000";  // the route `unwanted`
  event["data"]["to"]["rawId"] = "4:+14155550000";
  const auto answer = gateway.event_grid(json::array({event}));
  CHECK(answer.status == 200);
  CHECK(gateway.call(answer.call_id).state == State::declined);
  const auto asked = gateway.asked(":reject");
  REQUIRE(asked.size() == 1);
  CHECK(json::parse(asked[0].body)["callRejectReason"] == "busy");
  CHECK(gateway.asked(":answer").empty());
}

TEST_CASE("who may place no more calls hears busy, and leaves no call behind") {
  AdapterFixture gateway;
  gateway.callers.admitted = false;
  CHECK(gateway.event_grid(json::array({AdapterFixture::incoming()})).status == 200);
  CHECK(gateway.asked(":reject").size() == 1);
  CHECK(gateway.calls.count("calls") == 0);
}

TEST_CASE("a call that comes round from a number of our own is acknowledged and dropped") {
  AdapterFixture gateway;
  json event = AdapterFixture::incoming();
  event["data"]["from"]["phoneNumber"]["value"] = "+18005550199";
  event["data"]["from"]["rawId"] = "4:+18005550199";
  CHECK(gateway.event_grid(json::array({event})).status == 200);
  CHECK(gateway.asked().empty());
  CHECK(gateway.calls.count("calls") == 0);
}

TEST_CASE("callbacks carry a call from its answer to its end, once each") {
  AdapterFixture gateway;
  const auto id = gateway.event_grid(json::array({AdapterFixture::incoming()})).call_id;
  const json connected = json::array({AdapterFixture::callback("CallConnected", "e1")});
  CHECK(gateway.call_back(connected, id).call_id == id);
  CHECK(gateway.call(id).state == State::connected);
  const auto version = gateway.call(id).version;
  CHECK(gateway.call_back(connected, id).repeated);
  CHECK(gateway.call(id).version == version);

  const json over = AdapterFixture::callback(
      "CallDisconnected", "e2", {{"resultInformation", {{"code", 200}, {"subCode", 7000}, {"message", "bye"}}}});
  CHECK(gateway.call_back(json::array({over}), id).status == 200);
  CHECK(gateway.call(id).state == State::ended);
}

TEST_CASE("a callback without our own id finds its call by the provider's names") {
  AdapterFixture gateway;
  const auto id = gateway.event_grid(json::array({AdapterFixture::incoming()})).call_id;
  json connected = AdapterFixture::callback("CallConnected", "e1");
  connected["data"].erase("correlationId");
  CHECK(gateway.call_back(json::array({connected})).call_id == id);
  CHECK(gateway.calls.count("calls") == 1);
}

TEST_CASE("a callback needs the provider's token, whoever it is about") {
  AdapterFixture gateway;
  const json connected = json::array({AdapterFixture::callback("CallConnected", "e1")});
  CHECK(gateway.send(connected.dump(), {}).code == "signature_missing");
  std::string forged = gateway.token();
  forged[forged.size() - 5] = forged[forged.size() - 5] == 'A' ? 'B' : 'A';
  const auto refused = gateway.send(connected.dump(), {{"Authorization", "Bearer " + forged}});
  CHECK(refused.code == "token_signature");
  CHECK(refused.unproven);
  CHECK(gateway.calls.count("calls") == 0);
}

TEST_CASE("half a batch that cannot be read does not spoil the other half") {
  AdapterFixture gateway;
  const auto answer = gateway.event_grid(json::array(
      {{{"id", "x"}}, AdapterFixture::incoming(), {{"eventType", "Microsoft.Communication.IncomingCall"}}}));
  CHECK(answer.status == 200);
  CHECK(gateway.call(answer.call_id).state == State::connecting);
  CHECK(gateway.event_grid(json::array({{{"id", "x"}}})).code == "invalid_parameter");
}

TEST_CASE("of a batch with one that failed for now all come again, and have their effect once") {
  AdapterFixture gateway;
  gateway.answer_with([](const Received& request) {
    const bool unlucky = request.body.find("ctx-2") != std::string::npos;
    if (unlucky) return std::string();
    return answer_of(200, R"({"callConnectionId":"conn-1","callConnectionState":"connecting"})");
  });
  const json batch = json::array({AdapterFixture::incoming(), AdapterFixture::incoming("ctx-2", "corr-2")});
  CHECK(gateway.event_grid(batch).status == 0);
  gateway.answer_with([](const Received&) {
    return answer_of(200, R"({"callConnectionId":"conn-2","callConnectionState":"connecting"})");
  });
  CHECK(gateway.event_grid(batch).status == 200);
  std::size_t first = 0;
  for (const Received& one : gateway.asked(":answer")) first += one.body.find("ctx-1") != std::string::npos ? 1 : 0;
  CHECK(first == 1);
  CHECK(gateway.calls.count("calls") == 2);
}

TEST_CASE("an event of a type that is not known is kept with the call that it names, once") {
  AdapterFixture gateway;
  const auto id = gateway.event_grid(json::array({AdapterFixture::incoming()})).call_id;
  const json odd = json::array({AdapterFixture::callback("SomethingNew", "e9")});
  CHECK(gateway.call_back(odd).call_id == id);
  CHECK(gateway.call_back(odd).repeated);
  const auto told = gateway.calls.observer.wait_for(4);  // behind what the call's arrival and answer were
  REQUIRE(told.size() == 4);
  CHECK(told[3].event.type == calls::EventType::provider_event);
  const json kept = json::parse(told[3].event.data);
  CHECK(kept["eventType"] == "Microsoft.Communication.SomethingNew");
  CHECK(kept["data"]["callConnectionId"] == "conn-1");
  CHECK(gateway.call(id).state == calls::State::connecting);
}

TEST_CASE("an event of a type that is not known is acknowledged and counted") {
  AdapterFixture gateway;
  const json odd = json::array({AdapterFixture::callback("SomethingNew", "e9")});
  CHECK(gateway.call_back(odd).status == 200);
  CHECK(gateway.calls.count("calls") == 0);
  CHECK_THAT(gateway.metrics.render(),
             Catch::Contains("trunkline_webhooks_total{result=\"unknown\",type=\"azure-events\"} 1"));
}

TEST_CASE("a call is hung up by its connection, and one that is gone there is over") {
  AdapterFixture gateway;
  const auto id = gateway.event_grid(json::array({AdapterFixture::incoming()})).call_id;
  auto& provider = gateway.adapter().provider();
  CHECK(calls::test::run(provider.hang_up(gateway.call(id))).has_value());
  CHECK(gateway.asked("conn-1:terminate").size() == 1);
  gateway.answer_with(
      [](const Received&) { return answer_of(404, R"({"error":{"code":"8522","message":"Call not found"}})"); });
  CHECK(calls::test::run(provider.hang_up(gateway.call(id))).has_value());
  const auto word = calls::test::run(provider.fetch(gateway.call(id)));
  REQUIRE(word.has_value());
  CHECK_FALSE(word->has_value());
}

}  // namespace
}  // namespace trunkline::providers::acs
