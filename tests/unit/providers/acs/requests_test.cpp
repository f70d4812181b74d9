#include <trunkline/providers/acs/requests.hpp>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <fstream>
#include <set>
#include <string>

using namespace trunkline;
using namespace trunkline::providers::acs;
namespace ask = trunkline::providers::acs::requests;
using nlohmann::json;

namespace {

constexpr auto version = ask::default_api_version;
const std::string call = "421f1d00-1f2a-4b7c-9d0e-000000000001";
const Identifier caller = phone_number("+16045551234");
const Identifier user = from_raw_id("8:acs:r_u");

template <class Request>
HttpCall made(const Request& request, std::string_view api_version = version) {
  const auto http = ask::to_http(request, api_version);
  REQUIRE(http.has_value());
  return *http;
}

template <class Request>
json body_of(const Request& request, std::string_view api_version = version) {
  return json::parse(made(request, api_version).body);
}

template <class Request>
std::string refusal(const Request& request) {
  const auto http = ask::to_http(request, version);
  REQUIRE(http.has_error());
  CHECK(http.error().code == "invalid_command");
  return http.error().message;
}

ask::Setup setup() {
  ask::Setup out;
  out.callback_uri = "https://gw.example/cb";
  return out;
}

ask::Answer answer() {
  ask::Answer request;
  request.incoming_call_context = "eyJ...";
  request.setup = setup();
  return request;
}

ask::Recognize recognize() {
  ask::Recognize request;
  request.call = call;
  request.target = caller;
  return request;
}

ask::PlaySource source(ask::PlaySource::Kind kind, std::string content) {
  ask::PlaySource out;
  out.kind = kind;
  out.content = std::move(content);
  return out;
}

/// `METHOD target` below /calling, without the version, and the expected statuses.
std::string line(const HttpCall& http) {
  const std::string suffix = "?api-version=2025-05-15";
  REQUIRE(http.target.starts_with("/calling/"));
  REQUIRE(http.target.ends_with(suffix));
  std::string out = http.method + " " + http.target.substr(8, http.target.size() - 8 - suffix.size());
  for (const int status : http.expected) out += " " + std::to_string(status);
  out += http.repeat == Repeat::keyed ? " keyed" : http.repeat == Repeat::safe ? " safe" : " once";
  return out;
}

}  // namespace

TEST_CASE("calls are made, answered and refused where the service expects it") {
  ask::Create create;
  create.targets = {user};
  create.setup = setup();
  CHECK(line(made(create)) == "POST /callConnections 201 keyed");
  CHECK(line(made(answer())) == "POST /callConnections:answer 200 keyed");
  CHECK(line(made(ask::Redirect{"eyJ", user})) == "POST /callConnections:redirect 204 keyed");
  CHECK(line(made(ask::Reject{"eyJ"})) == "POST /callConnections:reject 204 keyed");
  CHECK(line(made(ask::Connect{{ask::Locator::Kind::room, "r"}, setup()})) ==
        "POST /callConnections:connect 200 keyed");
}

TEST_CASE("what is asked of a call names it in its path") {
  CHECK(line(made(ask::GetCall{"c"})) == "GET /callConnections/c 200 safe");
  CHECK(line(made(ask::HangUp{"c"})) == "DELETE /callConnections/c 204 safe");
  CHECK(line(made(ask::Terminate{"c"})) == "POST /callConnections/c:terminate 204 keyed");
  CHECK(line(made(ask::Transfer{"c", user})) == "POST /callConnections/c:transferToParticipant 202 keyed");
  CHECK(line(made(ask::ListParticipants{"c"})) == "GET /callConnections/c/participants 200 safe");
  CHECK(line(made(ask::GetParticipant{"c", "u"})) == "GET /callConnections/c/participants/u 200 safe");
  CHECK(line(made(ask::AddParticipant{"c", user})) == "POST /callConnections/c/participants:add 202 keyed");
  CHECK(line(made(ask::RemoveParticipant{"c", user})) == "POST /callConnections/c/participants:remove 202 keyed");
  CHECK(line(made(ask::Mute{"c", {user}})) == "POST /callConnections/c/participants:mute 200 keyed");
  CHECK(line(made(ask::CancelAdd{"c", "i"})) == "POST /callConnections/c/participants:cancelAddParticipant 202 keyed");
}

TEST_CASE("what is heard twice when it is asked twice is not repeated") {
  const ask::Play play{"c", {source(ask::PlaySource::Kind::file, "https://gw.example/a.wav")}};
  auto listen = recognize();
  listen.call = "c";
  CHECK(line(made(play)) == "POST /callConnections/c:play 202 once");
  CHECK(line(made(listen)) == "POST /callConnections/c:recognize 202 once");
  CHECK(line(made(ask::CancelMedia{"c"})) == "POST /callConnections/c:cancelAllMediaOperations 202 once");
  CHECK(line(made(ask::StreamMedia{"c"})) == "POST /callConnections/c:startMediaStreaming 202 once");
  CHECK(line(made(ask::StreamMedia{"c", false})) == "POST /callConnections/c:stopMediaStreaming 202 once");
  using Action = ask::Transcribe::Action;
  CHECK(line(made(ask::Transcribe{"c"})) == "POST /callConnections/c:startTranscription 202 once");
  CHECK(line(made(ask::Transcribe{"c", Action::update, "de-DE"})) ==
        "POST /callConnections/c:updateTranscription 202 once");
  CHECK(line(made(ask::Transcribe{"c", Action::stop})) == "POST /callConnections/c:stopTranscription 202 once");
  CHECK(line(made(ask::ContinuousDtmf{"c", caller})) ==
        "POST /callConnections/c:startContinuousDtmfRecognition 200 safe");
  CHECK(line(made(ask::ContinuousDtmf{"c", caller, false})) ==
        "POST /callConnections/c:stopContinuousDtmfRecognition 200 safe");
  CHECK(line(made(ask::SendDtmf{"c", "1", caller})) == "POST /callConnections/c:sendDtmfTones 202 keyed");
  CHECK(line(made(ask::Hold{"c", caller})) == "POST /callConnections/c:hold 200 safe");
  CHECK(line(made(ask::Unhold{"c", caller})) == "POST /callConnections/c:unhold 200 safe");
}

TEST_CASE("recordings have a place of their own") {
  using Action = ask::Recording::Action;
  CHECK(line(made(ask::StartRecording{"c"})) == "POST /recordings 200 202 keyed");
  CHECK(line(made(ask::Recording{"r"})) == "GET /recordings/r 200 safe");
  CHECK(line(made(ask::Recording{"r", Action::stop})) == "DELETE /recordings/r 204 safe");
  CHECK(line(made(ask::Recording{"r", Action::pause})) == "POST /recordings/r:pause 202 safe");
  CHECK(line(made(ask::Recording{"r", Action::resume})) == "POST /recordings/r:resume 202 safe");
}

TEST_CASE("targets are those that Microsoft's own library signs") {
  std::ifstream file(TRUNKLINE_SOURCE_DIR "/tests/data/acs/azure-signing-vectors.json");
  std::set<std::string> urls;
  const auto vectors = json::parse(file);
  for (const auto& one : vectors["acs_hmac"]["cases"]) urls.insert(one["url"].get<std::string>());
  const std::string contoso = "https://contoso.unitedstates.communication.azure.com";
  CHECK(urls.contains(contoso + made(answer()).target));
  CHECK(urls.contains(contoso + made(ask::GetParticipant{call, "4:+16045551234"}).target));
  CHECK(urls.contains(contoso + made(ask::Terminate{call}).target));
  CHECK(urls.contains("http://127.0.0.1:8089" + made(ask::Recording{"abc"}).target));
}

TEST_CASE("an id cannot leave its place in a path") {
  const auto target = made(ask::GetCall{"../x?api-version=1#y"}).target;
  CHECK(target == "/calling/callConnections/..%2Fx%3Fapi-version%3D1%23y?api-version=2025-05-15");
}

TEST_CASE("an answer says where events and audio go") {
  auto request = answer();
  request.setup.operation_context = "ctx";
  request.setup.cognitive_services_endpoint = "https://speech.example";
  request.setup.media_streaming = ask::MediaStreaming{"wss://gw.example/media/acs/1"};
  request.answered_by = "8:acs:r_u";
  CHECK(body_of(request) == json::parse(R"({
    "incomingCallContext":"eyJ...","callbackUri":"https://gw.example/cb","operationContext":"ctx",
    "callIntelligenceOptions":{"cognitiveServicesEndpoint":"https://speech.example"},
    "answeredBy":{"id":"8:acs:r_u"},
    "mediaStreamingOptions":{"transportType":"websocket","transportUrl":"wss://gw.example/media/acs/1",
      "contentType":"audio","audioChannelType":"mixed","startMediaStreaming":true,"enableBidirectional":true,
      "audioFormat":"pcm16KMono","enableDtmfTones":true}})"));
  CHECK(body_of(answer()) == json::parse(R"({"incomingCallContext":"eyJ...","callbackUri":"https://gw.example/cb"})"));
}

TEST_CASE("audio can come apart, wide and one way") {
  auto request = answer();
  request.setup.media_streaming = ask::MediaStreaming{"wss://gw.example/m", true, false, false, true, false};
  const auto options = body_of(request)["mediaStreamingOptions"];
  CHECK(options["audioChannelType"] == "unmixed");
  CHECK(options["audioFormat"] == "pcm24KMono");
  CHECK(options["startMediaStreaming"] == false);
  CHECK(options["enableBidirectional"] == false);
  CHECK(options["enableDtmfTones"] == false);
}

TEST_CASE("a version of the API names the speech model in its own way") {
  auto request = answer();
  request.setup.cognitive_services_endpoint = "https://speech.example";
  request.setup.transcription = ask::TranscriptionSetup{"wss://gw.example/t", "en-US", "model", true, true};
  const auto later = body_of(request, "2026-03-12")["transcriptionOptions"];
  CHECK(later == json::parse(R"({"transportType":"websocket","transportUrl":"wss://gw.example/t","locale":"en-US",
    "speechModelEndpointId":"model","startTranscription":true,"enableIntermediateResults":true})"));
  const auto earlier = body_of(request, "2025-05-15")["transcriptionOptions"];
  CHECK(earlier["speechRecognitionModelEndpointId"] == "model");
  CHECK(earlier["kind"] == "websocket");
  CHECK(earlier["transportType"] == "websocket");
}

TEST_CASE("participants can be moved since 2026-03-12") {
  const ask::MoveHere request{"c", {user}, "other"};
  CHECK(refusal(request) == "api-version must be 2026-03-12 or later to move participants");
  const auto http = made(request, "2026-03-12");
  CHECK(http.target == "/calling/callConnections/c/participants:moveHere?api-version=2026-03-12");
  CHECK(json::parse(http.body) == json{{"fromCall", "other"}, {"targetParticipants", {to_wire(user)}}});
}

TEST_CASE("a call to a telephone shows a number of ours") {
  ask::Create request;
  request.targets = {caller, user};
  request.setup = setup();
  CHECK(refusal(request) == "sourceCallerIdNumber is missing, and a telephone is to be called");
  request.caller_id = "4155550100";
  CHECK(refusal(request) == "sourceCallerIdNumber is not a number like +14155550100");
  request.caller_id = "+14155550100";
  request.display_name = "Desk";
  request.source_user = "8:acs:r_gw";
  CHECK(body_of(request) == json{{"targets", {to_wire(caller), to_wire(user)}},
                                 {"callbackUri", "https://gw.example/cb"},
                                 {"sourceCallerIdNumber", {{"value", "+14155550100"}}},
                                 {"sourceDisplayName", "Desk"},
                                 {"source", {{"id", "8:acs:r_gw"}}}});
}

TEST_CASE("a transfer takes its context along") {
  ask::Transfer request;
  request.call = "c";
  request.target = caller;
  request.transferee = user;
  request.caller_id = "+14155550100";
  request.custom_context.sip_headers = {{"X-MS-Custom-Id", "7"}};
  request.custom_context.voip_headers = {{"topic", "bill"}};
  request.correlation = {"op", "https://gw.example/op"};
  CHECK(body_of(request) == json{{"targetParticipant", to_wire(caller)},
                                 {"transferee", to_wire(user)},
                                 {"sourceCallerIdNumber", {{"value", "+14155550100"}}},
                                 {"customCallingContext",
                                  {{"sipHeaders", {{"X-MS-Custom-Id", "7"}}}, {"voipHeaders", {{"topic", "bill"}}}}},
                                 {"operationContext", "op"},
                                 {"operationCallbackUri", "https://gw.example/op"}});
  request.custom_context.sip_headers = {{"X-MS-Custom-Id", "7\r\nX-Other: 8"}};
  CHECK(refusal(request) == "customCallingContext has a line break");
}

TEST_CASE("the other bodies are what the wire has") {
  CHECK(body_of(ask::Reject{"eyJ", ask::Reject::Reason::busy}) ==
        json{{"incomingCallContext", "eyJ"}, {"callRejectReason", "busy"}});
  CHECK(body_of(ask::Connect{{ask::Locator::Kind::group_call, "g"}, setup()})["callLocator"] ==
        json{{"kind", "groupCallLocator"}, {"groupCallId", "g"}});
  ask::AddParticipant add{"c", caller, "+14155550100"};
  add.invitation_timeout_s = 30;
  CHECK(body_of(add) == json{{"participantToAdd", to_wire(caller)},
                             {"sourceCallerIdNumber", {{"value", "+14155550100"}}},
                             {"invitationTimeoutInSeconds", 30}});
  CHECK(body_of(ask::SendDtmf{"c", "1A*#", caller}) ==
        json{{"tones", {"one", "a", "asterisk", "pound"}}, {"targetParticipant", to_wire(caller)}});
  CHECK(made(ask::Terminate{"c"}).body.empty());
  CHECK(body_of(ask::StreamMedia{"c"}) == json::object());
  CHECK(body_of(ask::Transcribe{"c", ask::Transcribe::Action::start, "en-US", "m"}) ==
        json{{"locale", "en-US"}, {"speechModelEndpointId", "m"}});
}

TEST_CASE("what is played is a file, a text or SSML") {
  ask::Play play;
  play.call = "c";
  auto text = source(ask::PlaySource::Kind::text, "Hello");
  text.voice = "en-US-NancyNeural";
  text.locale = "en-US";
  text.cache_id = "hello";
  play.sources = {source(ask::PlaySource::Kind::file, "https://gw.example/a.wav"), text,
                  source(ask::PlaySource::Kind::ssml, "<speak/>")};
  play.to = {caller};
  play.loop = true;
  play.interrupt = true;
  CHECK(body_of(play) == json::parse(R"({"playSources":[
      {"kind":"file","file":{"uri":"https://gw.example/a.wav"}},
      {"kind":"text","playSourceCacheId":"hello",
       "text":{"text":"Hello","voiceName":"en-US-NancyNeural","sourceLocale":"en-US"}},
      {"kind":"ssml","ssml":{"ssmlText":"<speak/>"}}],
    "playTo":[{"kind":"phoneNumber","rawId":"4:+16045551234","phoneNumber":{"value":"+16045551234"}}],
    "playOptions":{"loop":true},"interruptCallMediaOperation":true})"));
  play.sources = {};
  CHECK(refusal(play) == "playSources is missing");
}

TEST_CASE("a question takes tones, words or one of several choices") {
  auto request = recognize();
  request.initial_silence_s = 5;
  request.between_tones_s = 2;
  request.max_tones = 4;
  request.stop_tones = "#";
  request.prompts = {source(ask::PlaySource::Kind::text, "Your PIN?")};
  auto body = body_of(request);
  CHECK(body["recognizeInputType"] == "dtmf");
  CHECK(body["playPrompt"]["text"]["text"] == "Your PIN?");
  CHECK(body["recognizeOptions"] ==
        json{{"targetParticipant", to_wire(caller)},
             {"interruptPrompt", false},
             {"initialSilenceTimeoutInSeconds", 5},
             {"dtmfOptions",
              {{"interToneTimeoutInSeconds", 2}, {"maxTonesToCollect", 4}, {"stopTones", json::array({"pound"})}}}});
  request = recognize();
  request.input = ask::Recognize::Input::choices;
  CHECK(refusal(request) == "choices is missing");
  request.choices = {{"yes", {"yes", "sure"}, '1'}, {"no", {"no"}}};
  request.end_silence_ms = 2'000;
  request.locale = "en-US";
  request.prompts = {source(ask::PlaySource::Kind::text, "a"), source(ask::PlaySource::Kind::text, "b")};
  body = body_of(request);
  CHECK(body["playPrompts"].size() == 2);
  CHECK(body["recognizeOptions"]["choices"] ==
        json::parse(R"([{"label":"yes","phrases":["yes","sure"],"tone":"one"},{"label":"no","phrases":["no"]}])"));
  CHECK(body["recognizeOptions"]["speechOptions"] == json{{"endSilenceTimeoutInMs", 2'000}});
  CHECK_FALSE(body["recognizeOptions"].contains("dtmfOptions"));
}

TEST_CASE("a recording names its call in one way, and its form") {
  ask::StartRecording request;
  CHECK(refusal(request) == "callLocator must be there when callConnectionId is not, and only then");
  request.call = "c";
  request.unmixed = true;
  request.state_callback_uri = "https://gw.example/rec";
  request.channels = {{0, caller}, {4, user}};
  request.container_url = "https://store.example/rec";
  request.paused = true;
  CHECK(body_of(request) == json::parse(R"({"callConnectionId":"c","recordingContentType":"audio",
    "recordingChannelType":"unmixed","recordingFormatType":"wav","recordingStateCallbackUri":"https://gw.example/rec",
    "channelAffinity":[{"channel":0,"participant":{"kind":"phoneNumber","rawId":"4:+16045551234",
      "phoneNumber":{"value":"+16045551234"}}},
      {"channel":4,"participant":{"kind":"communicationUser","rawId":"8:acs:r_u","communicationUser":{"id":"8:acs:r_u"}}}],
    "pauseOnStart":true,"externalStorage":{"recordingStorageKind":"azureBlobStorage",
      "recordingDestinationContainerUrl":"https://store.example/rec"}})"));
  request.channels = {{5, caller}};
  CHECK(refusal(request) == "channelAffinity.channel must be 0 to 4");
  request.channels.clear();
  request.format = ask::StartRecording::Format::mp3;
  CHECK(refusal(request) == "recordingFormatType must be wav, and audio alone, for an unmixed recording");
  request.locator = ask::Locator{ask::Locator::Kind::server_call, "s"};
  CHECK(refusal(request) == "callLocator must be there when callConnectionId is not, and only then");
}

TEST_CASE("limits of the service are looked at before it is asked") {
  CHECK(refusal(ask::SendDtmf{"c", std::string(19, '1'), caller}) == "tones has more than 18 tones");
  CHECK(refusal(ask::SendDtmf{"c", "12x", caller}) == "tones may have 0 to 9, A to D, # and *");
  CHECK(refusal(ask::SendDtmf{"c", "", caller}) == "tones is missing");
  auto listen = recognize();
  listen.initial_silence_s = 301;
  CHECK(refusal(listen) == "initialSilenceTimeoutInSeconds must be 0 to 300");
  listen.initial_silence_s = 0;
  listen.between_tones_s = 0;
  CHECK(refusal(listen) == "interToneTimeoutInSeconds must be 1 to 60");
  ask::AddParticipant add{"c", user};
  add.invitation_timeout_s = 181;
  CHECK(refusal(add) == "invitationTimeoutInSeconds must be 0 to 180");
  CHECK(refusal(ask::GetCall{""}) == "callConnectionId is missing");
  CHECK(refusal(ask::Mute{"c", {}}) == "targetParticipants names nobody");
  CHECK(refusal(ask::Hold{"c", {}}) == "targetParticipant is missing");
  CHECK(refusal(ask::Transcribe{"c", ask::Transcribe::Action::update}) == "locale is missing");
  auto late = answer();
  late.incoming_call_context.assign(17'000, 'x');
  CHECK(refusal(late) == "incomingCallContext is longer than 16384 bytes");
  auto nowhere = answer();
  nowhere.setup.callback_uri.clear();
  CHECK(refusal(nowhere) == "callbackUri is missing");
  auto mute_speech = answer();
  mute_speech.setup.transcription = ask::TranscriptionSetup{"wss://gw.example/t", "en-US"};
  CHECK(refusal(mute_speech) == "cognitiveServicesEndpoint is missing, and transcription needs it");
}

TEST_CASE("a text that is no UTF-8 does no harm") {
  auto request = answer();
  request.setup.operation_context = "a\xff";
  CHECK(body_of(request)["operationContext"] == "a\xef\xbf\xbd");
}

TEST_CASE("versions are dates") {
  CHECK(ask::is_api_version("2025-05-15"));
  CHECK(ask::is_api_version("2025-08-15-preview"));
  for (const char* text : {"", "2025", "2025-5-15", "2025-05-15x", "2025-05-15-preview-2", "latest", "2025/05/15"}) {
    INFO(text);
    CHECK_FALSE(ask::is_api_version(text));
  }
}
