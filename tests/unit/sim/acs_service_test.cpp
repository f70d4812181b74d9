#include "unit/sim/acs_fixture.hpp"

#include <trunkline/auth/jwt.hpp>
#include <trunkline/providers/acs/signing.hpp>

#include <nlohmann/json.hpp>

namespace trunkline::sim {
namespace {

using nlohmann::json;
using test::resource_id;
using test::ServiceFixture;
using Names = std::vector<std::string>;
namespace acs = providers::acs;
namespace ask = providers::acs::requests;

const acs::Identifier caller = acs::phone_number("+16045551234");
const acs::Identifier colleague = acs::phone_number("+16045559999");

/// A signed request as it is, with `more` headers.
Result<net::ClientResponse> send(ServiceFixture& fixture, const std::string& method, const std::string& target,
                                 const std::string& body, net::Headers more = {},
                                 const std::string& key = test::access_key) {
  net::ClientRequest request;
  request.method = method;
  request.url = fixture.service.endpoint() + target;
  request.body = body;
  const std::string host = "127.0.0.1:" + std::to_string(fixture.service.port());
  const auto headers = acs::sign(key, {method, target, host, body}, system_clock().wall());
  request.headers = {{"x-ms-date", headers.date},
                     {"x-ms-content-sha256", headers.content_hash},
                     {"Authorization", headers.authorization}};
  request.headers.insert(request.headers.end(), more.begin(), more.end());
  return fixture.run(net::fetch(std::move(request)));
}

std::string code_of(const net::ClientResponse& response) {
  return json::parse(response.body).at("error").at("code");
}

ask::PlaySource prompt() {
  ask::PlaySource source;
  source.content = "https://gw.example/prompt.wav";
  return source;
}

TEST_CASE("a call that is answered has its properties, and tells that it is connected and who is in it") {
  ServiceFixture fixture;
  const auto call = fixture.ring();
  auto request = fixture.answer_to(*call);
  request.setup.media_streaming.emplace();
  request.setup.media_streaming->url = "ws://127.0.0.1:9/media";
  request.setup.media_streaming->unmixed = true;
  request.setup.media_streaming->wideband = true;
  const auto connection = fixture.run(fixture.client->answer(request));
  REQUIRE(connection.has_value());
  CHECK(connection->call == call->connection_id);
  CHECK(connection->server_call_id == call->server_call_id);
  CHECK(connection->answered_for == "+18005550100");
  CHECK(connection->media_streaming_state == "active");
  REQUIRE(call->media.has_value());
  CHECK(call->media->sample_rate == 24'000);
  CHECK(call->media->unmixed);
  CHECK(call->media->bidirectional);

  const auto events = fixture.events(*call);
  REQUIRE(events.size() == 2);
  CHECK(events[0].callback_uri == request.setup.callback_uri);
  CHECK(test::read(events[0]).data.at("status") == "CONNECTED");
  CHECK(test::read(events[0]).context == "call_1");
  CHECK(test::read(events[1]).data.at("participants").at(0).at("address") == "+16045551234");
  CHECK(fixture.run(fixture.client->get({call->connection_id})).value().state == acs::ConnectionState::connected);
}

TEST_CASE("a call that is rejected or redirected tells nothing, and neither can be done twice") {
  ServiceFixture fixture;
  const auto call = fixture.ring();
  SECTION("rejected") {
    REQUIRE(fixture.run(fixture.client->reject({call->incoming_call_context})).has_value());
    CHECK(call->stage == AcsCall::Stage::rejected);
  }
  SECTION("redirected") {
    REQUIRE(fixture.run(fixture.client->redirect({call->incoming_call_context, colleague})).has_value());
    CHECK(call->stage == AcsCall::Stage::redirected);
  }
  CHECK(fixture.names(*call).empty());
  const auto late = fixture.run(fixture.client->answer(fixture.answer_to(*call)));
  CHECK(late.error().code == "stale_call");
}

TEST_CASE("what is done in a call is accepted, and told as the real service tells it") {
  ServiceFixture fixture;
  auto& client = *fixture.client;
  const auto call = fixture.connected();
  const std::string id = call->connection_id;
  ask::Correlation correlation;
  correlation.operation_context = "op-1";

  SECTION("participants") {
    ask::AddParticipant add;
    add.call = id;
    add.participant = colleague;
    add.caller_id = "+18005550100";
    add.correlation = correlation;
    const auto added = fixture.run(client.add_participant(add));
    REQUIRE(added.has_value());
    CHECK(added->participant.identifier == colleague);
    CHECK(fixture.names(*call) == Names{"AddParticipantSucceeded", "ParticipantsUpdated"});
    CHECK(fixture.run(client.list_participants({id})).value().size() == 2);
    REQUIRE(fixture.run(client.mute({id, {colleague}, ""})).has_value());
    CHECK(fixture.run(client.get_participant({id, colleague.raw_id})).value().muted);
    REQUIRE(fixture.run(client.hold({id, colleague, {}, {}})).has_value());
    CHECK(fixture.run(client.get_participant({id, colleague.raw_id})).value().on_hold);
    REQUIRE(fixture.run(client.unhold({id, colleague, {}})).has_value());
    REQUIRE(fixture.run(client.cancel_add({id, added->invitation_id, {}})).has_value());
    REQUIRE(fixture.run(client.remove_participant({id, colleague, {}})).has_value());
    CHECK(fixture.names(*call) == Names{"ParticipantsUpdated", "ParticipantsUpdated", "ParticipantsUpdated",
                                        "CancelAddParticipantFailed", "RemoveParticipantSucceeded",
                                        "ParticipantsUpdated"});
  }
  SECTION("prompts") {
    ask::Play play;
    play.call = id;
    play.sources = {prompt()};
    play.correlation = correlation;
    REQUIRE(fixture.run(client.play(play)).has_value());
    const auto events = fixture.events(*call);
    REQUIRE(events.size() == 2);
    CHECK(test::read(events[0]).type == calls::EventType::operation_started);
    CHECK(test::read(events[1]).type == calls::EventType::operation_completed);
    CHECK(test::read(events[1]).context == "op-1");
    play.loop = true;
    REQUIRE(fixture.run(client.play(play)).has_value());
    REQUIRE(fixture.run(client.cancel_media({id})).has_value());
    CHECK(fixture.names(*call) == Names{"PlayStarted", "PlayCanceled"});
  }
  SECTION("recognition, of a caller who has keys to press and of one who has not") {
    ask::Recognize recognize;
    recognize.call = id;
    recognize.target = caller;
    recognize.max_tones = 2;
    REQUIRE(fixture.run(client.recognize(recognize)).has_value());
    CHECK(fixture.names(*call) == Names{"RecognizeFailed"});
    fixture.on_worker([&] { call->keys = "12#"; });
    REQUIRE(fixture.run(client.recognize(recognize)).has_value());
    const auto events = fixture.events(*call);
    REQUIRE(events.size() == 1);
    CHECK(test::read(events[0]).data.at("tones") == "12");
  }
  SECTION("keys") {
    REQUIRE(fixture.run(client.continuous_dtmf({id, caller, true, {}})).has_value());
    fixture.on_worker([&] { fixture.service.press(*call, '#'); });
    const auto events = fixture.events(*call);
    REQUIRE(events.size() == 1);
    CHECK(test::read(events[0]).data.at("digit") == "#");
    REQUIRE(fixture.run(client.continuous_dtmf({id, caller, false, {}})).has_value());
    REQUIRE(fixture.run(client.send_dtmf({id, "12*", caller, correlation})).has_value());
    CHECK(fixture.names(*call) == Names{"ContinuousDtmfRecognitionStopped", "SendDtmfTonesCompleted"});
  }
  SECTION("recordings") {
    ask::StartRecording start;
    start.locator = ask::Locator{ask::Locator::Kind::server_call, call->server_call_id};
    const auto recording = fixture.run(client.start_recording(start));
    REQUIRE(recording.has_value());
    CHECK(recording->active);
    REQUIRE(fixture.run(client.pause_recording(recording->recording)).has_value());
    CHECK_FALSE(fixture.run(client.get_recording(recording->recording)).value().active);
    REQUIRE(fixture.run(client.resume_recording(recording->recording)).has_value());
    REQUIRE(fixture.run(client.stop_recording(recording->recording)).has_value());
    CHECK(fixture.names(*call).size() == 4);
    CHECK(fixture.run(client.get_recording(recording->recording)).has_error());
  }
  SECTION("a transfer, which takes us out of a call of two") {
    ask::Transfer transfer;
    transfer.call = id;
    transfer.target = colleague;
    REQUIRE(fixture.run(client.transfer(transfer)).has_value());
    const auto events = fixture.events(*call);
    REQUIRE(events.size() == 2);
    CHECK(events[0].name == "CallTransferAccepted");
    CHECK(test::read(events[1]).data.at("status") == "ENDED");
  }
  SECTION("the end") {
    REQUIRE(fixture.run(client.terminate({id})).has_value());
    CHECK(fixture.names(*call) == Names{"CallDisconnected"});
    CHECK(fixture.run(client.get({id})).error().code == "call_not_found_there");
  }
}

TEST_CASE("media and transcription are wanted when they were set up, and only then") {
  ServiceFixture fixture;
  const auto call = fixture.connected();
  const std::string id = call->connection_id;
  CHECK(fixture.run(fixture.client->stream_media({id, true, {}})).has_error());
  fixture.on_worker([&] {
    call->media.emplace();
    call->transcription.emplace();
  });
  REQUIRE(fixture.run(fixture.client->stream_media({id, true, {}})).has_value());
  CHECK(fixture.on_worker([&] { return call->streaming; }));
  REQUIRE(fixture.run(fixture.client->stream_media({id, false, {}})).has_value());
  CHECK_FALSE(fixture.on_worker([&] { return call->streaming; }));
  using Action = ask::Transcribe::Action;
  REQUIRE(fixture.run(fixture.client->transcribe({id, Action::start, "en-US", "", {}})).has_value());
  REQUIRE(fixture.run(fixture.client->transcribe({id, Action::update, "de-DE", "", {}})).has_value());
  CHECK(fixture.names(*call) == Names{"TranscriptionUpdated"});
  REQUIRE(fixture.run(fixture.client->transcribe({id, Action::stop, "", "", {}})).has_value());
}

TEST_CASE("a call that the gateway makes is there, and somebody is told to take it") {
  ServiceFixture fixture;
  std::promise<std::string> taken;
  fixture.on_worker([&] {
    fixture.service.on_outbound([&](const std::shared_ptr<AcsCall>& call) { taken.set_value(call->connection_id); });
  });
  ask::Create create;
  create.targets = {caller};
  create.caller_id = "+18005550100";
  create.setup.callback_uri = "http://127.0.0.1:9/callbacks/call_2";
  const auto connection = fixture.run(fixture.client->create(create));
  REQUIRE(connection.has_value());
  CHECK(connection->targets.front() == caller);
  CHECK(taken.get_future().get() == connection->call);
  ask::Connect join;
  join.locator.id = connection->server_call_id;
  join.setup.callback_uri = create.setup.callback_uri;
  fixture.on_worker([&] { fixture.service.on_outbound({}); });
  CHECK(fixture.run(fixture.client->connect(join)).value().server_call_id == connection->server_call_id);
}

TEST_CASE("what is signed with another key, or not at all, is denied") {
  ServiceFixture fixture;
  const std::string target = "/calling/callConnections/x?api-version=2025-05-15";
  const auto forged = send(fixture, "GET", target, "", {}, "another key");
  REQUIRE(forged.has_value());
  CHECK(forged->status == 401);
  CHECK(code_of(*forged) == "Denied");
  net::ClientRequest bare;
  bare.url = fixture.service.endpoint() + target;
  CHECK(fixture.run(net::fetch(std::move(bare))).value().status == 401);
}

TEST_CASE("what cannot be is refused with a status and a code") {
  ServiceFixture fixture;
  const std::string version = "?api-version=2025-05-15";
  struct Case {
    std::string method, target, body;
    int status;
    std::string code;
  };
  const std::string unknown = "/calling/callConnections/0b0b0b0b-0000-4000-8000-000000000000";
  const std::vector<Case> cases = {
      {"GET", unknown + version, "", 404, "8522"},
      {"POST", unknown + ":terminate" + version, "", 404, "8522"},
      {"POST", unknown + ":play" + version, "{}", 404, "8522"},
      {"POST", unknown + ":unheardOf" + version, "{}", 404, "NotFound"},
      {"POST", unknown + "/participants:moveHere" + version, "{}", 404, "NotFound"},
      {"GET", "/calling/recordings/x" + version, "", 404, "8522"},
      {"GET", "/elsewhere" + version, "", 404, "NotFound"},
      {"GET", unknown, "", 400, "MissingApiVersionParameter"},
      {"POST", "/calling/callConnections:answer" + version, "[]", 400, "8523"},
      {"POST", "/calling/callConnections:answer" + version, "{", 400, "8523"},
      {"POST", "/calling/callConnections:answer" + version, R"({"incomingCallContext":5})", 400, "8523"},
      {"POST", "/calling/callConnections" + version, R"({"targets":[],"callbackUri":"http://a/b"})", 400, "8523"},
      {"POST", "/calling/callConnections" + version,
       R"({"targets":[{"rawId":"4:+16045551234"}],"callbackUri":"http://a/b"})", 400, "8523"},
  };
  for (const auto& one : cases) {
    INFO(one.method << ' ' << one.target << ' ' << one.body);
    const auto response = send(fixture, one.method, one.target, one.body);
    REQUIRE(response.has_value());
    CHECK(response->status == one.status);
    CHECK(code_of(*response) == one.code);
  }
}

TEST_CASE("a request that comes again with its id is answered again and done once") {
  ServiceFixture fixture;
  const auto call = fixture.connected();
  const std::string target =
      "/calling/callConnections/" + call->connection_id + ":sendDtmfTones?api-version=2025-05-15";
  const std::string body = R"({"tones":["one"],"targetParticipant":{"rawId":"4:+16045551234"},"operationContext":"o"})";
  const net::Headers once = {{"Repeatability-Request-ID", "3f6d2c1b-0a9e-4d8c-b7a6-5f4e3d2c1b0a"},
                             {"Repeatability-First-Sent", "Fri, 20 Nov 2026 12:01:00 GMT"}};
  for (int i = 0; i < 3; ++i) {
    const auto response = send(fixture, "POST", target, body, once);
    REQUIRE(response.has_value());
    CHECK(response->status == 202);
    CHECK(response->body == R"({"operationContext":"o"})");
    CHECK(net::find_header(response->headers, "Repeatability-Result") == "accepted");
  }
  CHECK(fixture.names(*call) == Names{"SendDtmfTonesCompleted"});
  const auto other = send(fixture, "POST", target, R"({"tones":["two"]})", once);
  CHECK(other->status == 400);
  CHECK(net::find_header(other->headers, "Repeatability-Result") == "rejected");
}

TEST_CASE("an answer is refused with 429 as often as told, and taken when it comes again") {
  ServiceFixture fixture;
  const auto call = fixture.ring();
  fixture.on_worker([&] { call->throttled = 1; });
  const json answer = {{"incomingCallContext", call->incoming_call_context}, {"callbackUri", "http://127.0.0.1:9/"}};
  const std::string target = "/calling/callConnections:answer?api-version=2025-05-15";
  const auto refused = send(fixture, "POST", target, answer.dump());
  REQUIRE(refused.has_value());
  CHECK(refused->status == 429);
  CHECK(net::find_header(refused->headers, "Retry-After") == "1");
  CHECK(send(fixture, "POST", target, answer.dump())->status == 200);
}

TEST_CASE("tokens are checked with the published keys, which are the same for one access key") {
  ServiceFixture fixture;
  ServiceFixture again;
  net::ClientRequest request;
  request.url = fixture.service.jwks_url();
  const auto published = fixture.run(net::fetch(std::move(request)));
  REQUIRE(published.has_value());
  const auto keys = auth::KeySet::from_jwks(published->body).value();
  const auth::ClaimRules rules{"https://acscallautomation.communication.azure.com", resource_id};
  const auto now = system_clock().wall();
  CHECK(auth::verify_token(again.service.token(std::chrono::seconds{300}), keys, rules, now).has_value());
  const auto expired = auth::verify_token(fixture.service.token(std::chrono::seconds{-600}), keys, rules, now);
  CHECK(expired.error().code == "token_expired");
  CHECK_THAT(fixture.service.connection_string(), Catch::Contains("endpoint=http://127.0.0.1:"));
  CHECK(acs::parse_connection_string(fixture.service.connection_string()).value().access_key == test::access_key);
}

}  // namespace
}  // namespace trunkline::sim
