#include <trunkline/providers/acs/results.hpp>

#include <catch2/catch.hpp>

#include <string>

using namespace trunkline;
using namespace trunkline::providers::acs;

namespace {

const std::string endpoint = "https://contoso.example";

ServiceError error_body(const std::string& inside) {
  return read_error(R"({"error":{)" + inside + "}}");
}

ParticipantsPage page_with(const std::string& next) {
  const auto page = read_participants(R"({"value":[],"nextLink":")" + next + "\"}", endpoint);
  REQUIRE(page.has_value());
  return *page;
}

}  // namespace

TEST_CASE("what the service says of a call is read") {
  // The example of the service's own specification, shortened.
  const auto call = read_call_connection(R"({
    "callConnectionId":"18dea47f-b081-4107-9a5c-4300819d2c6c","serverCallId":"aHR0cHM6Ly9j",
    "sourceCallerIdNumber":{"value":"+18440123456"},"sourceDisplayName":"Desk","correlationId":"corr",
    "source":{"kind":"communicationUser","communicationUser":{"id":"8:acs:b_d"}},
    "targets":[{"kind":"communicationUser","communicationUser":{"id":"8:acs:b_0"}},{"rawId":"4:+16045551234"},17],
    "callConnectionState":"connected","callbackUri":"https://app.contoso.com/callback",
    "mediaStreamingSubscription":{"id":"23dea47f","state":"active","subscribedContentTypes":["audio"]},
    "transcriptionSubscription":{"id":"45dea47f","state":"inactive"},"answeredFor":{"value":"+11234567890"},
    "new":{"to":["us"]}})");
  REQUIRE(call.has_value());
  CHECK(call->call == "18dea47f-b081-4107-9a5c-4300819d2c6c");
  CHECK(call->server_call_id == "aHR0cHM6Ly9j");
  CHECK(call->correlation_id == "corr");
  CHECK(call->state == ConnectionState::connected);
  REQUIRE(call->targets.size() == 2);
  CHECK(call->targets[1] == phone_number("+16045551234"));
  CHECK(call->source == from_raw_id("8:acs:b_d"));
  CHECK(call->caller_id == "+18440123456");
  CHECK(call->display_name == "Desk");
  CHECK(call->answered_for == "+11234567890");
  CHECK(call->media_streaming_state == "active");
  CHECK(call->transcription_state == "inactive");
}

TEST_CASE("the states of a connection are read in any case, and new ones are unknown") {
  const auto state = [](const std::string& name) {
    return read_call_connection(R"({"callConnectionId":"c","callConnectionState":")" + name + "\"}")->state;
  };
  CHECK(state("connecting") == ConnectionState::connecting);
  CHECK(state("TransferAccepted") == ConnectionState::transfer_accepted);
  CHECK(state("transferring") == ConnectionState::transferring);
  CHECK(state("disconnecting") == ConnectionState::disconnecting);
  CHECK(state("disconnected") == ConnectionState::disconnected);
  CHECK(state("dreaming") == ConnectionState::unknown);
}

TEST_CASE("an answer that is none is an error") {
  const std::string deep = R"({"callConnectionId":"c","x":)" + std::string(100'000, '[') + "}";
  for (const std::string& body : {std::string(), std::string("[]"), std::string("{}"), std::string("null"),
                                  std::string(R"({"callConnectionId":7})"), deep, std::string(max_answer + 1, ' ')}) {
    CHECK(read_call_connection(body).error().code == "provider_failed");
    CHECK(read_recording_state(body).error().code == "provider_failed");
    CHECK(read_participant(body).error().code == "provider_failed");
    CHECK(read_participants(body, endpoint).error().code == "provider_failed");
  }
  CHECK(
      read_call_connection(R"({"callConnectionId":"c","x":"[[[[\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["})").has_value());
}

TEST_CASE("participants come in pages") {
  const auto page = read_participants(R"({"value":[
    {"identifier":{"rawId":"4:+16045551234"},"isMuted":true,"isOnHold":false},
    {"identifier":{"rawId":"8:acs:r_u"}},{"identifier":null},null]})",
                                      endpoint);
  REQUIRE(page.has_value());
  REQUIRE(page->participants.size() == 2);
  CHECK(page->participants[0].identifier == phone_number("+16045551234"));
  CHECK(page->participants[0].muted);
  CHECK_FALSE(page->participants[0].on_hold);
  CHECK_FALSE(page->participants[1].muted);
  CHECK(page->next.empty());
  const std::string target = "/calling/callConnections/c/participants?api-version=2025-05-15&skip=10";
  CHECK(page_with("https://contoso.example" + target).next == target);
  CHECK(page_with("HTTPS://Contoso.Example:443" + target).next == target);
  CHECK(page_with(target).next == target);
  CHECK(page_with("").next.empty());
}

TEST_CASE("a next page at another host is not asked for") {
  for (const char* link : {"https://evil.example/x", "https://contoso.example.evil.example/x", "//evil.example/x",
                           "https://contoso.example@evil.example/", "http://contoso.example/x",
                           "https://contoso.example:444/x", "https://contoso.example", "/x y", "/x#y", "x"}) {
    INFO(link);
    const auto page = read_participants(R"({"value":[],"nextLink":")" + std::string(link) + "\"}", endpoint);
    REQUIRE(page.has_error());
    CHECK(page.error().code == "provider_failed");
  }
}

TEST_CASE("what adding a participant and recording give is read") {
  const auto added =
      read_added(R"({"participant":{"identifier":{"rawId":"4:+16045551234"},"isMuted":false},"invitationId":"inv"})");
  REQUIRE(added.has_value());
  CHECK(added->invitation_id == "inv");
  CHECK(added->participant.identifier == phone_number("+16045551234"));
  const auto recording = read_recording_state(
      R"({"recordingId":"r","recordingState":"active","recordingKind":"AzureCommunicationServices"})");
  REQUIRE(recording.has_value());
  CHECK(recording->recording == "r");
  CHECK(recording->active);
  CHECK(recording->kind == "AzureCommunicationServices");
  CHECK_FALSE(read_recording_state(R"({"recordingId":"r","recordingState":"inactive"})")->active);
}

TEST_CASE("the service's errors become ours") {
  const auto gone = error_body(R"("code":"8522","message":"Call not found.")");
  CHECK(gone.gone);
  CHECK(error_of("hang up", 404, gone).code == "call_not_found_there");
  const auto inner =
      error_body(R"("code":"NotFound","message":"m","innererror":{"code":"x","innererror":{"code":8528}})");
  CHECK(inner.gone);
  CHECK(inner.code == "8528");
  const auto stale =
      error_body(R"("code":"400","message":"Lifetime validation of the signed HTTP request failed for this call.")");
  CHECK(stale.stale);
  CHECK(error_of("answer", 400, stale).code == "stale_call");
  CHECK(error_of("play", 429, {}).code == "rate_limited");
  CHECK(error_of("play", 503, {}).code == "provider_unavailable");
  const auto clash = error_of("play", 412, error_body(R"("code":"8583","message":"busy")"));
  CHECK(clash.code == "provider_failed");
  CHECK(clash.message == "Azure answered with HTTP 412 (8583): play");
  CHECK(clash.detail == "busy");
  CHECK(error_of("play", 500, read_error("<html>")).message == "Azure answered with HTTP 500: play");
  const auto download = read_error(R"({"status":"Unauthorized","message":"no"})");
  CHECK(download.message == "no");
}

TEST_CASE("a service that repeats what we sent does not bring it into our log") {
  const std::string token = "eyJ" + std::string(500, 'a') + "." + std::string(300, 'b');
  const auto said = error_body(R"("code":")" + token + R"(","message":"The value ')" + token +
                               R"(' of call 18dea47f-b081-4107-9a5c-4300819d2c6c is not valid.")");
  CHECK(said.message == "The value '...' of call 18dea47f-b081-4107-9a5c-4300819d2c6c is not valid.");
  CHECK(said.code.empty());
  CHECK(error_body(R"("code":"a b\r\nc","message":7)").code.empty());
  CHECK(error_body("\"message\":\"" + std::string(1'000, ' ') + "\"").message.size() <= 500);
}
