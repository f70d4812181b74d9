#include "support/manual_clock.hpp"
#include "unit/providers/acs/fake_service.hpp"

#include <trunkline/base/text.hpp>
#include <trunkline/providers/acs/call_automation.hpp>
#include <trunkline/providers/acs/repeatability.hpp>

#include <catch2/catch.hpp>

#include <memory>
#include <string>
#include <vector>

using namespace trunkline;
using namespace trunkline::providers::acs;
using namespace std::chrono_literals;
namespace ask = trunkline::providers::acs::requests;
using test::answer_of;
using test::FakeService;
using test::Received;
using test::run;

namespace {

const std::string key = "0123456789abcdef";
const std::string connected = R"({"callConnectionId":"c1","serverCallId":"s1","callConnectionState":"connecting"})";

/// A client of a service, whose waits pass at once.
struct Client {
  explicit Client(const FakeService& service, CallAutomation::Settings settings = {}) {
    parts.endpoint = parse_endpoint(service.url()).value();
    parts.settings = std::move(settings);
  }

  CallAutomation& operator*() {
    if (!made) made = std::make_unique<CallAutomation>(parts);
    return *made;
  }
  CallAutomation* operator->() { return &**this; }

  trunkline::test::ManualClock clock;
  std::unique_ptr<Ids> ids = make_ids(clock);
  std::vector<milliseconds> waits;
  std::vector<std::string> attempts;
  CallAutomation::Parts parts{
      {},
      access_key_credential(key, clock),
      clock,
      *ids,
      {},
      [this](const Attempt& attempt) {
        attempts.push_back(std::string(attempt.operation) + " " + std::to_string(attempt.number) + " " +
                           (attempt.status != 0 ? std::to_string(attempt.status) : std::string(attempt.error)));
      },
      [this](milliseconds time) -> asio::awaitable<void> {
        waits.push_back(time);
        clock.advance(time);
        co_return;
      }};
  std::unique_ptr<CallAutomation> made;
};

ask::Answer answer() {
  ask::Answer request;
  request.incoming_call_context = "eyJ...";
  request.setup.callback_uri = "https://gw.example/cb";
  return request;
}

ask::Play play() {
  ask::Play request;
  request.call = "c1";
  request.sources.push_back({});
  request.sources.front().content = "https://gw.example/a.wav";
  return request;
}

std::string verdict(const Received& request, WallTime now) {
  const std::string host = request.header("Host");
  const SignatureHeaders headers{request.header("x-ms-date"), request.header("x-ms-content-sha256"),
                                 request.header("Authorization")};
  const auto verified = verify(key, {request.method, request.target, host, request.body}, headers, now);
  return verified ? "fine" : verified.error().message;
}

std::string service_error(const std::string& code, const std::string& message) {
  return R"({"error":{"code":")" + code + R"(","message":")" + message + "\"}}";
}

/// What becomes of hanging up when the service answers so.
Error refused(int status, const std::string& body) {
  const FakeService service({answer_of(status, body, "x-ms-request-id: trace-1\r\n")});
  Client client(service);
  const auto done = run(client->terminate(ask::Terminate{"c1"}));
  REQUIRE(done.has_error());
  return done.error();
}

}  // namespace

TEST_CASE("a call is answered with a signed request") {
  const FakeService service({answer_of(200, connected)});
  Client client(service);
  const auto call = run(client->answer(answer()));
  REQUIRE(call.has_value());
  CHECK(call->call == "c1");
  CHECK(call->state == ConnectionState::connecting);
  const auto received = service.received();
  REQUIRE(received.size() == 1);
  const Received& request = received[0];
  CHECK(request.method == "POST");
  CHECK(request.target == "/calling/callConnections:answer?api-version=2025-05-15");
  CHECK(request.body == R"({"callbackUri":"https://gw.example/cb","incomingCallContext":"eyJ..."})");
  CHECK(request.header("Content-Type") == "application/json");
  CHECK(request.header("Accept") == "application/json");
  CHECK(request.header("Repeatability-Request-ID").size() == 36);
  CHECK(request.header("Repeatability-First-Sent") == text::to_rfc2822(client.clock.wall(), "GMT"));
  CHECK(verdict(request, client.clock.wall()) == "fine");
}

TEST_CASE("a request that is sent again is signed anew and says that it is the same") {
  const FakeService service({answer_of(500), "", answer_of(200, connected)});
  Client client(service);
  CHECK(run(client->answer(answer())).has_value());
  const auto received = service.received();
  REQUIRE(received.size() == 3);
  CHECK(received[2].header("Repeatability-Request-ID") == received[0].header("Repeatability-Request-ID"));
  CHECK(received[2].header("Repeatability-First-Sent") == received[0].header("Repeatability-First-Sent"));
  CHECK(received[2].header("x-ms-date") != received[0].header("x-ms-date"));
  CHECK(verdict(received[2], client.clock.wall()) == "fine");
  CHECK(client.waits.size() == 2);
  CHECK(client.attempts == std::vector<std::string>{"answer 1 500", "answer 2 bad_response", "answer 3 200"});
}

TEST_CASE("a command that was given before bears the name and the time that it had") {
  const FakeService service({answer_of(204)});
  Client client(service);
  const auto given = text::parse_rfc3339("2026-11-20T12:00:00Z").value();
  Manner manner;
  manner.key = "call_1:terminate";
  manner.first_sent = given;
  CHECK(run(client->terminate(ask::Terminate{"c1"}, manner)).has_value());
  const auto received = service.received();
  CHECK(received[0].header("Repeatability-Request-ID") == uuid_of("call_1:terminate"));
  CHECK(received[0].header("Repeatability-First-Sent") == "Fri, 20 Nov 2026 12:00:00 GMT");
  CHECK(received[0].header("Content-Length") == "0");
  CHECK(received[0].header("Content-Type").empty());
}

TEST_CASE("what cannot be repeated bears no name for it") {
  const FakeService service({answer_of(202)});
  Client client(service);
  CHECK(run(client->play(play())).has_value());
  CHECK(service.received()[0].header("Repeatability-Request-ID").empty());
}

TEST_CASE("a busy service is given the time that it asks for") {
  const FakeService service(
      {answer_of(429, "", "Retry-After: 7\r\n"), answer_of(503, "", "retry-after-ms: 250\r\n"), answer_of(204)});
  Client client(service);
  CHECK(run(client->terminate(ask::Terminate{"c1"})).has_value());
  CHECK(client.waits == std::vector<milliseconds>{7s, 250ms});
}

TEST_CASE("a service that stays busy is an error after three more tries") {
  const FakeService service({answer_of(429)});
  Client client(service);
  CHECK(run(client->terminate(ask::Terminate{"c1"})).error().code == "rate_limited");
  CHECK(service.received().size() == 4);
}

TEST_CASE("a call is not answered that has stopped ringing by then") {
  const FakeService service({answer_of(503, "", "Retry-After: 20\r\n")});
  Client client(service);
  CHECK(run(client->answer(answer())).error().code == "provider_unavailable");
  CHECK(service.received().size() == 1);
}

TEST_CASE("nothing is played twice") {
  const FakeService service({answer_of(500)});
  Client client(service);
  CHECK(run(client->play(play())).error().code == "provider_unavailable");
  CHECK(service.received().size() == 1);
  const FakeService silent({""});
  Client other(silent);
  CHECK(run(other->play(play())).error().code == "provider_unavailable");
  CHECK(silent.received().size() == 1);
}

TEST_CASE("a service that cannot be reached is tried again, whatever it is asked") {
  FakeService service({""});
  Client client(service);
  service.stop();
  CHECK(run(client->play(play())).error().code == "unreachable");
  CHECK(client.waits.size() == 3);
}

TEST_CASE("an attempt has its time") {
  trunkline::test::RawListener silent;
  FakeService unused({""});
  CallAutomation::Settings settings;
  settings.profile.attempt = 20ms;
  Client client(unused, settings);
  client.parts.endpoint = parse_endpoint("http://127.0.0.1:" + std::to_string(silent.port())).value();
  CHECK(run(client->play(play())).error().code == "timeout");
  CHECK(client.attempts == std::vector<std::string>{"play 1 timeout"});
}

TEST_CASE("what the service refuses has a code of ours") {
  CHECK(refused(404, service_error("8522", "Call not found")).code == "call_not_found_there");
  CHECK(refused(400, service_error("400", "Lifetime validation of the signed http request failed")).code ==
        "stale_call");
  const auto forbidden = refused(403, service_error("7509", "HMAC check failed"));
  CHECK(forbidden.code == "provider_failed");
  CHECK(forbidden.message == "Azure answered with HTTP 403 (7509): terminate");
  CHECK(forbidden.detail == "HMAC check failed [trace-1]");
  CHECK(refused(404, "").code == "provider_failed");
}

TEST_CASE("an answer that cannot be read is the service's failure") {
  const FakeService service({answer_of(200, "<html>")});
  Client client(service);
  CHECK(run(client->get(ask::GetCall{"c1"})).error().code == "provider_failed");
}

TEST_CASE("a service that is down is left alone, and found again") {
  std::atomic<bool> down = true;
  const FakeService service([&](const Received&, std::size_t) { return down ? answer_of(502) : answer_of(204); });
  CallAutomation::Settings settings;
  settings.profile.retries = 0;
  Client client(service, settings);
  for (int i = 0; i < 10; ++i) {
    CHECK_FALSE(client->resting());
    CHECK(run(client->terminate(ask::Terminate{"c1"})).error().code == "provider_unavailable");
  }
  CHECK(client->resting());
  CHECK(run(client->terminate(ask::Terminate{"c1"})).error().code == "provider_unavailable");
  CHECK(service.received().size() == 10);
  down = false;
  client.clock.advance(5s);
  CHECK(run(client->terminate(ask::Terminate{"c1"})).has_value());
  CHECK_FALSE(client->resting());
}

TEST_CASE("what we do wrong ourselves is no sign of a service that is down") {
  const FakeService service({answer_of(400)});
  Client client(service);
  for (int i = 0; i < 12; ++i) CHECK(run(client->terminate(ask::Terminate{"c1"})).error().code == "provider_failed");
  CHECK_FALSE(client->resting());
}

TEST_CASE("a command that the service could not take is never sent") {
  const FakeService service({answer_of(202)});
  Client client(service);
  const ask::SendDtmf request{"c1", std::string(19, '1'), phone_number("+16045551234")};
  CHECK(run(client->send_dtmf(request)).error().code == "invalid_command");
  CHECK(service.received().empty());
}

TEST_CASE("without a resource or a credential there is nothing to ask") {
  const FakeService service({answer_of(204)});
  Client homeless(service);
  homeless.parts.endpoint = {};
  CHECK(run(homeless->terminate(ask::Terminate{"c1"})).error().code == "provider_not_configured");
  Client keyless(service);
  keyless.parts.credential = nullptr;
  CHECK(run(keyless->terminate(ask::Terminate{"c1"})).error().code == "provider_not_configured");
  CHECK(run(keyless->delete_recording("https://a.asm.skype.com/x")).error().code == "provider_not_configured");
  CHECK(service.received().empty());
}

TEST_CASE("all pages of participants are asked for, each with a signature of its own") {
  std::string next;
  FakeService service([&](const Received&, std::size_t number) {
    const std::string one = R"({"identifier":{"rawId":"8:acs:r_)" + std::to_string(number) + R"("}})";
    return answer_of(200, R"({"value":[)" + one + R"(],"nextLink":")" + (number == 0 ? next : "") + "\"}");
  });
  const std::string target = "/calling/callConnections/c1/participants?api-version=2025-05-15&$skip=1";
  next = service.url() + target;
  Client client(service);
  const auto all = run(client->list_participants(ask::ListParticipants{"c1"}));
  REQUIRE(all.has_value());
  CHECK(all->size() == 2);
  CHECK((*all)[1].identifier.raw_id == "8:acs:r_1");
  const auto received = service.received();
  REQUIRE(received.size() == 2);
  CHECK(received[1].target == target);
  CHECK(verdict(received[1], client.clock.wall()) == "fine");
}

TEST_CASE("pages without end and pages elsewhere are not followed") {
  FakeService endless([&](const Received& request, std::size_t) {
    return answer_of(200, R"({"value":[],"nextLink":")" + request.target + "\"}");
  });
  Client client(endless);
  CHECK(run(client->list_participants(ask::ListParticipants{"c1"})).has_value());
  CHECK(endless.received().size() == 20);
  const FakeService sly({answer_of(200, R"({"value":[],"nextLink":"http://127.0.0.2/x"})")});
  Client other(sly);
  CHECK(run(other->list_participants(ask::ListParticipants{"c1"})).error().code == "provider_failed");
}

TEST_CASE("recordings are begun, asked for and ended") {
  const FakeService service([](const Received& request, std::size_t) {
    return request.method == "DELETE" ? answer_of(204)
                                      : answer_of(200, R"({"recordingId":"r1","recordingState":"active"})");
  });
  Client client(service);
  const auto begun = run(client->start_recording(ask::StartRecording{"c1"}));
  REQUIRE(begun.has_value());
  CHECK(begun->recording == "r1");
  CHECK(run(client->get_recording("r1"))->active);
  CHECK(run(client->stop_recording("r1")).has_value());
  CHECK(run(client->pause_recording("r1")).has_value());
  CHECK(run(client->resume_recording("r1")).has_value());
  const auto received = service.received();
  CHECK(received[2].method == "DELETE");
  CHECK(received[4].target == "/calling/recordings/r1:resume?api-version=2025-05-15");
}

TEST_CASE("the version of the API is the one that is configured") {
  const FakeService service({answer_of(202)});
  CallAutomation::Settings settings;
  settings.api_version = "2026-03-12";
  Client client(service, settings);
  const ask::MoveHere request{"c1", {from_raw_id("8:acs:r_u")}, "c2"};
  CHECK(run(client->move_here(request)).has_value());
  CHECK(service.received()[0].target == "/calling/callConnections/c1/participants:moveHere?api-version=2026-03-12");
}
