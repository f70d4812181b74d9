#include "sim/acs_operations.hpp"

#include <trunkline/base/text.hpp>
#include <trunkline/providers/acs/requests.hpp>

#include <algorithm>
#include <array>
#include <utility>

// The connections themselves, and who is in them.
namespace trunkline::sim {
namespace {

namespace acs = providers::acs;
using nlohmann::json;
using Stage = AcsCall::Stage;

AcsReply not_found() {
  return acs_refusal(404, "8522", "Call not found.");
}

json subscription(const char* kind, bool active, std::string_view id) {
  return {{"id", id}, {"state", active ? "active" : "inactive"}, {kind, json::array()}};
}

json properties_of(const AcsCall& call, std::string_view state) {
  json out = {{"callConnectionId", call.connection_id},
              {"serverCallId", call.server_call_id},
              {"correlationId", call.correlation_id},
              {"callConnectionState", state},
              {"callbackUri", call.callback_uri},
              {"source", acs::to_wire(call.from)},
              {"targets", json::array({acs::to_wire(call.to)})}};
  const acs::Identifier& ours = call.outbound ? call.from : call.to;
  if (!ours.phone.empty()) out[call.outbound ? "sourceCallerIdNumber" : "answeredFor"] = {{"value", ours.phone}};
  if (call.media) {
    json media = subscription("subscribedContentTypes", call.streaming, call.correlation_id);
    media["subscribedContentTypes"].push_back("audio");
    out["mediaStreamingSubscription"] = std::move(media);
  }
  if (call.transcription) {
    json transcription = subscription("subscribedResultTypes", call.transcribing, call.correlation_id);
    transcription["subscribedResultTypes"].push_back("final");
    if (call.transcription->intermediate) transcription["subscribedResultTypes"].push_back("intermediate");
    transcription["locale"] = call.transcription->locale;
    out["transcriptionSubscription"] = std::move(transcription);
  }
  return out;
}

/// What a connection is made with, taken over when all of it is right.
struct Setup {
  std::string callback_uri;
  std::string operation_context;
  std::optional<AcsMedia> media;
  bool streaming = false;
  std::optional<AcsTranscription> transcription;
  bool transcribing = false;
  std::optional<AcsReply> refusal;

  explicit Setup(const json& body) {
    AcsFields fields(body);
    callback_uri = fields.url("callbackUri");
    operation_context = fields.text("operationContext", false);
    const bool speaks = fields.object("callIntelligenceOptions").contains("cognitiveServicesEndpoint");
    const json& wants_media = fields.object("mediaStreamingOptions");
    const json& wants_text = fields.object("transcriptionOptions");
    refusal = fields.refusal();
    if (!refusal && !wants_media.empty()) refusal = take_media(wants_media);
    if (!refusal && !wants_text.empty()) refusal = take_transcription(wants_text, speaks);
  }

  void apply(AcsCall& call) {
    call.callback_uri = std::move(callback_uri);
    call.operation_context = std::move(operation_context);
    call.media = std::move(media);
    call.streaming = streaming;
    call.transcription = std::move(transcription);
    call.transcribing = transcribing;
  }

 private:
  std::optional<AcsReply> take_media(const json& wants) {
    AcsFields fields(wants);
    fields.word("transportType", "websocket", "");
    media.emplace();
    media->unmixed = fields.word("audioChannelType", "mixed unmixed", "") == "unmixed";
    media->url = fields.url("transportUrl");
    fields.that(media->url.empty() || media->url.starts_with("ws"), "transportUrl", "is no WebSocket's");
    fields.word("contentType", "audio", "audio");
    media->sample_rate =
        fields.word("audioFormat", "pcm16KMono pcm24KMono", "pcm16KMono") == "pcm24KMono" ? 24'000 : 16'000;
    media->bidirectional = fields.flag("enableBidirectional");
    media->dtmf = fields.flag("enableDtmfTones");
    streaming = fields.flag("startMediaStreaming");
    return fields.refusal();
  }

  std::optional<AcsReply> take_transcription(const json& wants, bool speaks) {
    if (!speaks) return acs_refusal(405, "8522", "Transcription needs callIntelligenceOptions.");
    AcsFields fields(wants);
    fields.word("transportType", "websocket", "");
    transcription.emplace();
    transcription->url = fields.url("transportUrl");
    transcription->locale = fields.text("locale");
    fields.that(transcription->locale.find('-') != std::string::npos, "locale", "needs its region");
    transcription->intermediate = fields.flag("enableIntermediateResults");
    transcribing = fields.flag("startTranscription");
    return fields.refusal();
  }
};

void begin(AcsCalls& calls, AcsCall& call) {
  calls.tell(call, "CallConnected", json::object());
  calls.tell_roster(call);
  AcsCalls::changed(call);
}

AcsReply create(AcsCalls& calls, const AcsRequest&, const json& body) {
  AcsFields fields(body);
  const auto targets = fields.parties("targets", 1);
  const std::string number = AcsFields(fields.object("sourceCallerIdNumber")).text("value", false);
  for (const auto& target : targets) {
    fields.that(target.phone.empty() || !number.empty(), "sourceCallerIdNumber", "is missing for a telephone");
  }
  fields.text("sourceDisplayName", false);
  if (auto wrong = fields.refusal()) return *wrong;
  Setup setup(body);
  if (setup.refusal) return *setup.refusal;
  const auto source = number.empty() ? acs::from_raw_id("8:acs:trunkline_simulator") : acs::phone_number(number);
  const auto call = calls.open(source, targets.front());
  if (call == nullptr) return acs_refusal(429, "8530", "Too many calls.");
  setup.apply(*call);
  call->outbound = true;
  call->participants.clear();
  for (const auto& target : targets) call->participants.push_back({target, false, false});
  const AcsReply reply = acs_reply(201, properties_of(*call, "connecting"));
  if (calls.take_outbound()) calls.take_outbound()(call);
  begin(calls, *call);
  return reply;
}

// The call that an incomingCallContext stands for; what is no longer ringing is answered as the real service does.
std::shared_ptr<AcsCall> ringing(AcsCalls& calls, const json& body, std::optional<AcsReply>& refusal) {
  AcsFields fields(body);
  const std::string context = fields.text("incomingCallContext");
  refusal = fields.refusal();
  if (refusal) return nullptr;
  auto call = calls.ringing(context);
  if (call == nullptr) {
    refusal = acs_refusal(400, "8523", "Invalid request: lifetime validation of the signed http request failed.");
  }
  return call;
}

AcsReply answer(AcsCalls& calls, const AcsRequest& request, const json& body) {
  std::optional<AcsReply> refusal;
  const auto call = ringing(calls, body, refusal);
  if (refusal) return *refusal;
  Setup setup(body);
  if (setup.refusal) return *setup.refusal;
  setup.apply(*call);
  call->answer = request.body;
  calls.connect(call);
  begin(calls, *call);
  return acs_reply(200, properties_of(*call, "connecting"));
}

AcsReply redirect(AcsCalls& calls, const AcsRequest&, const json& body) {
  AcsFields fields(body);
  fields.party("target");
  if (auto wrong = fields.refusal()) return *wrong;
  std::optional<AcsReply> refusal;
  const auto call = ringing(calls, body, refusal);
  if (refusal) return *refusal;
  calls.end(*call, Stage::redirected, {});
  return {204, ""};
}

AcsReply reject(AcsCalls& calls, const AcsRequest&, const json& body) {
  AcsFields fields(body);
  fields.word("callRejectReason", "none busy forbidden", "none");
  if (auto wrong = fields.refusal()) return *wrong;
  std::optional<AcsReply> refusal;
  const auto call = ringing(calls, body, refusal);
  if (refusal) return *refusal;
  calls.end(*call, Stage::rejected, {});
  return {204, ""};
}

// Joins what has a server call id; groups and rooms are made when they are asked for.
AcsReply connect(AcsCalls& calls, const AcsRequest&, const json& body) {
  AcsFields fields(body);
  const json& locator = fields.object("callLocator", true);
  if (auto wrong = fields.refusal()) return *wrong;
  AcsFields in(locator);
  const std::string kind = in.word("kind", "serverCallLocator groupCallLocator roomCallLocator", "");
  const bool server = kind == "serverCallLocator";
  const std::string id = in.text(server ? "serverCallId" : kind == "groupCallLocator" ? "groupCallId" : "roomId");
  if (auto wrong = in.refusal()) return *wrong;
  if (server && calls.by_server_call_id(id) == nullptr) return not_found();
  Setup setup(body);
  if (setup.refusal) return *setup.refusal;
  const auto us = acs::from_raw_id("8:acs:trunkline_simulator");
  const auto call = calls.open(us, us);
  if (call == nullptr) return acs_refusal(429, "8530", "Too many calls.");
  if (server) call->server_call_id = id;
  setup.apply(*call);
  if (calls.take_outbound()) calls.take_outbound()(call);
  begin(calls, *call);
  return acs_reply(200, properties_of(*call, "connecting"));
}

AcsReply get(AcsCalls&, AcsCall& call, const json&) {
  return acs_reply(200, properties_of(call, "connected"));
}

json ended_by_us() {
  json result = acs_result(200, 7000, "The conversation has ended.");
  result["sipDetails"] = {{"code", 200}, {"message", "OK"}};
  result["q850Details"] = {{"code", 16}, {"message", "Normal call clearing"}};
  return result;
}

AcsReply hang_up(AcsCalls& calls, AcsCall& call, const json&) {
  calls.end(call, Stage::over, ended_by_us());
  return {204, ""};
}

AcsReply transfer(AcsCalls& calls, AcsCall& call, const json& body) {
  AcsFields fields(body);
  const auto target = fields.party("targetParticipant");
  const auto transferee = fields.party("transferee", false);
  const AcsCorrelation correlation = correlation_of(fields);
  if (auto wrong = fields.refusal()) return *wrong;
  const auto& moved = transferee.raw_id.empty() ? call.from : transferee;
  calls.tell(call, "CallTransferAccepted",
             {{"operationContext", correlation.context},
              {"transferTarget", acs::to_wire(target)},
              {"transferee", acs::to_wire(moved)}},
             correlation.callback_uri);
  // A blind transfer of a call of two takes us out of it.
  if (call.participants.size() < 2) calls.end(call, Stage::over, ended_by_us());
  return with_context(202, correlation);
}

struct CallOperation {
  std::string_view method;
  std::string_view action;
  AcsOperation carry_out;
};
constexpr std::array call_operations = {
    CallOperation{"GET", "", get},
    CallOperation{"DELETE", "", hang_up},
    CallOperation{"POST", ":terminate", hang_up},
    CallOperation{"POST", ":transferToParticipant", transfer},
};

AcsOperation find_operation(const AcsRequest& request, std::string_view action) {
  for (const auto& one : call_operations) {
    if (one.method == request.method && one.action == action) return one.carry_out;
  }
  if (action.starts_with("/participants")) return find_participant_operation(request, action);
  return request.method == "POST" ? find_media_operation(action) : nullptr;
}

AcsReply unknown_address() {
  return acs_refusal(404, "NotFound", "No such resource.");
}

AcsReply carry_out_in_call(AcsCalls& calls, const AcsRequest& request, std::string_view rest, const json& body) {
  const auto end = std::min(rest.find_first_of(":/"), rest.size());
  const auto call = calls.connected(text::percent_decode(rest.substr(0, end), false));
  const std::string_view action = rest.substr(end);
  constexpr std::string_view participant = "/participants/";
  const bool asks_for_one = request.method == "GET" && action.starts_with(participant);
  const AcsOperation operation = find_operation(request, action);
  if (operation == nullptr && !asks_for_one) return unknown_address();
  if (call == nullptr) return not_found();
  if (!asks_for_one) return operation(calls, *call, body);
  return get_participant(*call, text::percent_decode(action.substr(participant.size()), false));
}

}  // namespace

AcsReply carry_out(AcsCalls& calls, const AcsRequest& request) {
  if (!acs::requests::is_api_version(request.api_version)) {
    return acs_refusal(400, "MissingApiVersionParameter", "The api-version query parameter is required.");
  }
  json body = json::object();
  if (!request.body.empty()) {
    body = json::parse(request.body, nullptr, false);
    if (!body.is_object()) return acs_refusal(400, "8523", "Invalid request: the body is no JSON object.");
  }
  constexpr std::string_view connections = "/calling/callConnections";
  constexpr std::string_view recordings = "/calling/recordings";
  const std::string_view path = request.path;
  if (path.starts_with(recordings)) return carry_out_recording(calls, request, path.substr(recordings.size()), body);
  if (!path.starts_with(connections)) return unknown_address();
  const std::string_view rest = path.substr(connections.size());
  if (rest.starts_with('/')) return carry_out_in_call(calls, request, rest.substr(1), body);
  if (request.method != "POST") return unknown_address();
  if (rest.empty()) return create(calls, request, body);
  if (rest == ":answer") return answer(calls, request, body);
  if (rest == ":redirect") return redirect(calls, request, body);
  if (rest == ":reject") return reject(calls, request, body);
  return rest == ":connect" ? connect(calls, request, body) : unknown_address();
}

}  // namespace trunkline::sim
