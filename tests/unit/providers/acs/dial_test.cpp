// Routes that connect the caller on to another number.

#include "unit/providers/acs/adapter_fixture.hpp"

#include <catch2/catch.hpp>

#include <atomic>

namespace trunkline::providers::acs {
namespace {

using test::AdapterFixture;
using test::answer_of;
using test::callee;
using test::json;
using test::Received;

const std::string desk = "+14155550177";

/// A gateway whose calls go on to a desk, with one that was answered.
struct Dialing : AdapterFixture {
  Dialing() {
    config::Route route;
    route.name = "desk";
    route.dial = desk;
    calls.routing = calls::Routing({route});
    id = event_grid(json::array({incoming()})).call_id;
    answer_with([](const Received& request) {
      const bool adds = request.target.find("participants:add") != std::string::npos;
      return adds ? answer_of(202, R"({"invitationId":"i1"})") : answer_of(204);
    });
  }

  Outcome connected() { return call_back(json::array({callback("CallConnected", "e1")}), id); }
  Outcome participants(int sequence, const std::vector<std::string>& numbers) {
    json list = json::array();
    for (const std::string& number : numbers) {
      const json phone = {{"kind", "phoneNumber"}, {"rawId", "4:" + number}, {"phoneNumber", {{"value", number}}}};
      list.push_back({{"identifier", phone}, {"isMuted", false}, {"isOnHold", false}});
    }
    const std::string event = "p" + std::to_string(sequence);
    const json data = {{"sequenceNumber", sequence}, {"participants", list}};
    return call_back(json::array({callback("ParticipantsUpdated", event, data)}), id);
  }

  std::string id;
};

}  // namespace

TEST_CASE("once the caller is there the number of the route is called, for the number that was called") {
  Dialing gateway;
  CHECK(gateway.asked("participants:add").empty());
  CHECK(gateway.connected().status == 200);
  const auto asked = gateway.asked("/calling/callConnections/conn-1/participants:add");
  REQUIRE(asked.size() == 1);
  const json body = json::parse(asked[0].body);
  CHECK(body["participantToAdd"]["phoneNumber"]["value"] == desk);
  CHECK(body["sourceCallerIdNumber"]["value"] == callee);
  CHECK(body["operationContext"] == "trunkline-dial");
}

TEST_CASE("a route's own caller id is shown") {
  Dialing gateway;
  config::Route route;
  route.name = "desk";
  route.dial = desk;
  route.caller_id = "+18005550111";
  gateway.calls.routing = calls::Routing({route});
  gateway.connected();
  const auto asked = gateway.asked("participants:add");
  REQUIRE(asked.size() == 1);
  CHECK(json::parse(asked[0].body)["sourceCallerIdNumber"]["value"] == "+18005550111");
}

TEST_CASE("a callback that comes twice asks under the same name, so that nobody is called twice") {
  Dialing gateway;
  gateway.connected();
  CHECK(gateway.connected().repeated);
  const auto asked = gateway.asked("participants:add");
  REQUIRE(asked.size() == 2);
  CHECK(asked[0].header("Repeatability-Request-ID") == asked[1].header("Repeatability-Request-ID"));
  CHECK(asked[0].header("Repeatability-First-Sent") == asked[1].header("Repeatability-First-Sent"));
  CHECK(asked[0].body == asked[1].body);
}

TEST_CASE("an Azure that is not well when somebody is to be called is asked again before the callback is answered") {
  Dialing gateway;
  std::atomic<int> failures = 4;  // one more than the client itself repeats
  gateway.answer_with([&](const Received&) { return failures-- > 0 ? answer_of(500) : answer_of(202, "{}"); });
  const auto connected = gateway.connected();
  CHECK(connected.status == 200);
  CHECK(connected.retries == 1);
  CHECK(gateway.asked("participants:add").size() == 5);
  CHECK(gateway.asked("terminate").empty());
}

TEST_CASE("a number that Azure will not call leaves the caller with nobody: the call is ended") {
  Dialing gateway;
  gateway.answer_with([](const Received& request) {
    const bool adds = request.target.find("participants:add") != std::string::npos;
    return adds ? answer_of(400, R"({"error":{"code":"8500","message":"no"}})") : answer_of(204);
  });
  CHECK(gateway.connected().status == 200);
  CHECK(gateway.asked("conn-1:terminate").size() == 1);
}

TEST_CASE("a call that is over by then is left alone") {
  Dialing gateway;
  gateway.answer_with([](const Received&) { return answer_of(404, R"({"error":{"code":"8522","message":"gone"}})"); });
  CHECK(gateway.connected().status == 200);
  CHECK(gateway.asked("terminate").empty());
}

TEST_CASE("when the one who was called does not answer, the call is ended") {
  Dialing gateway;
  gateway.connected();
  const json failure = {{"code", 480}, {"subCode", 10037}, {"message", "no answer"}};
  const json of_dial = {{"operationContext", "trunkline-dial"}, {"resultInformation", failure}};
  const json of_another = {{"operationContext", "somebody else's"}, {"resultInformation", failure}};
  gateway.call_back(json::array({AdapterFixture::callback("AddParticipantFailed", "f1", of_another)}), gateway.id);
  CHECK(gateway.asked("terminate").empty());
  gateway.call_back(json::array({AdapterFixture::callback("AddParticipantFailed", "f2", of_dial)}), gateway.id);
  CHECK(gateway.asked("conn-1:terminate").size() == 1);
}

TEST_CASE("when the one who was called goes, the call is ended") {
  Dialing gateway;
  gateway.connected();
  CHECK(gateway.participants(1, {test::caller, desk}).status == 200);
  CHECK(gateway.asked("terminate").empty());
  CHECK(gateway.participants(2, {test::caller}).status == 200);
  CHECK(gateway.asked("conn-1:terminate").size() == 1);
}

TEST_CASE("nobody is called for a call that has ended meanwhile") {
  Dialing gateway;
  const json over = {{"resultInformation", {{"code", 200}, {"subCode", 7000}, {"message", "bye"}}}};
  gateway.call_back(json::array({AdapterFixture::callback("CallDisconnected", "e0", over)}), gateway.id);
  CHECK(gateway.connected().status == 200);
  CHECK(gateway.asked("participants:add").empty());
}

}  // namespace trunkline::providers::acs
