#include "sim/acs_calls.hpp"

#include <trunkline/base/base64.hpp>
#include <trunkline/base/text.hpp>
#include <trunkline/providers/acs/repeatability.hpp>

#include <utility>

namespace trunkline::sim {

namespace acs = providers::acs;
using nlohmann::json;

AcsReply acs_reply(int status, const json& body) {
  return {status, body.dump(-1, ' ', false, json::error_handler_t::replace)};
}

AcsReply acs_refusal(int status, std::string_view code, std::string_view message) {
  return acs_reply(status, {{"error", {{"code", code}, {"message", message}}}});
}

json acs_result(int code, int sub_code, std::string_view message) {
  return {{"code", code}, {"subCode", sub_code}, {"message", message}};
}

json acs_success() {
  return acs_result(200, 0, "Action completed successfully.");
}

std::string AcsCalls::guid() {
  return acs::uuid_of(ids_.secret(16));
}

std::shared_ptr<AcsCall> AcsCalls::find(const ByName& calls, const std::string& name) {
  const auto found = calls.find(name);
  return found == calls.end() ? nullptr : found->second;
}

std::shared_ptr<AcsCall> AcsCalls::by_server_call_id(const std::string& id) const {
  for (const auto& [name, call] : open_) {
    if (call->server_call_id == id) return call;
  }
  return nullptr;
}

std::shared_ptr<AcsCall> AcsCalls::ring(acs::Identifier from, acs::Identifier to) {
  if (ringing_.size() + open_.size() >= max_calls) return nullptr;
  auto call = std::make_shared<AcsCall>();
  call->participants.push_back({from, false, false});
  call->from = std::move(from);
  call->to = std::move(to);
  // As long and as opaque as the real ones, which look like a token.
  const std::string inside = json{{"cc", ids_.secret(64)}}.dump();
  call->incoming_call_context =
      base64::encode_url(R"({"alg":"none","typ":"JWT"})") + "." + base64::encode_url(inside) + ".";
  call->server_call_id = base64::encode("https://api.flightproxy.invalid/api/v2/cp/conv-" + ids_.secret(8));
  call->correlation_id = guid();
  ringing_.emplace(call->incoming_call_context, call);
  return call;
}

std::shared_ptr<AcsCall> AcsCalls::open(acs::Identifier from, acs::Identifier to) {
  auto call = ring(std::move(from), std::move(to));
  if (call == nullptr) return nullptr;
  ringing_.erase(call->incoming_call_context);
  call->incoming_call_context.clear();
  call->connection_id = guid();
  call->stage = AcsCall::Stage::connected;
  open_.emplace(call->connection_id, call);
  return call;
}

void AcsCalls::connect(const std::shared_ptr<AcsCall>& call) {
  ringing_.erase(call->incoming_call_context);
  call->connection_id = guid();
  call->stage = AcsCall::Stage::connected;
  open_.emplace(call->connection_id, call);
}

void AcsCalls::end(AcsCall& call, AcsCall::Stage stage, const json& result) {
  if (call.stage != AcsCall::Stage::ringing && call.stage != AcsCall::Stage::connected) return;
  // So that it lives until this is done.
  const auto known = call.stage == AcsCall::Stage::ringing ? find(ringing_, call.incoming_call_context)
                                                           : find(open_, call.connection_id);
  const bool was_connected = call.stage == AcsCall::Stage::connected;
  call.stage = stage;
  call.streaming = call.transcribing = false;
  ringing_.erase(call.incoming_call_context);
  open_.erase(call.connection_id);
  // Only a connection has callbacks; what stops with the call is told by whoever stops it, before.
  if (was_connected) tell(call, "CallDisconnected", {{"resultInformation", result}});
  changed(call);
}

void AcsCalls::tell(AcsCall& call, std::string_view name, json more, const std::string& callback_uri) {
  if (!call.on_change || call.events.size() >= max_events) return;
  json data = {{"callConnectionId", call.connection_id},
               {"serverCallId", call.server_call_id},
               {"correlationId", call.correlation_id},
               {"operationContext", call.operation_context.empty() ? json() : json(call.operation_context)},
               {"resultInformation", acs_success()}};
  data.merge_patch(more);  // a null takes a member away
  if (data.contains("operationContext") && data["operationContext"].is_null()) data.erase("operationContext");
  const std::string source = "calling/callConnections/" + call.connection_id;
  std::string time = text::to_rfc3339(now());
  time.replace(time.size() - 1, 1, "+00:00");
  const json event = {{"id", guid()},
                      {"source", source},
                      {"type", "Microsoft.Communication." + std::string(name)},
                      {"data", std::move(data)},
                      {"time", time},
                      {"specversion", "1.0"},
                      {"datacontenttype", "application/json"},
                      {"subject", source}};
  const auto body = json::array({event});
  call.events.push_back({std::string(name), callback_uri.empty() ? call.callback_uri : callback_uri,
                         body.dump(-1, ' ', false, json::error_handler_t::replace)});
  changed(call);
}

void AcsCalls::tell_roster(AcsCall& call) {
  auto participants = json::array();
  for (const auto& one : call.participants) {
    participants.push_back(
        {{"identifier", acs::to_wire(one.identifier)}, {"isMuted", one.muted}, {"isOnHold", one.on_hold}});
  }
  tell(call, "ParticipantsUpdated",
       {{"sequenceNumber", ++call.roster}, {"participants", std::move(participants)}, {"operationContext", nullptr}});
}

}  // namespace trunkline::sim
