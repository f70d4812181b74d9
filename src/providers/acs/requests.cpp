#include "providers/acs/request_body.hpp"

#include <trunkline/base/text.hpp>

#include <algorithm>

// The connection itself: made, ended, and who is in it.
namespace trunkline::providers::acs::requests {
namespace {

using nlohmann::json;

std::string connections_target(std::string_view action, std::string_view api_version) {
  return std::string("/calling/callConnections").append(action).append("?api-version=").append(api_version);
}

bool any_phone(const std::vector<Identifier>& targets) {
  return std::any_of(targets.begin(), targets.end(),
                     [](const Identifier& one) { return one.kind == Identifier::Kind::phone; });
}

}  // namespace

bool is_api_version(std::string_view text) {
  constexpr std::string_view form = "0000-00-00";
  if (text.size() < form.size() || text.size() > 32) return false;
  for (std::size_t i = 0; i < form.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (form[i] == '-' ? text[i] != '-' : !digit) return false;
  }
  const std::string_view rest = text.substr(form.size());
  return rest.empty() || rest == "-preview";
}

Result<HttpCall> to_http(const Create& request, std::string_view api_version) {
  Check check;
  check.parties("targets", request.targets, 1);
  check.caller_id(request.caller_id, any_phone(request.targets));
  check.text("sourceDisplayName", request.display_name, 256);
  check.text("source", request.source_user, 512);
  check.setup(request.setup);
  json body;
  put(body, "targets", request.targets);
  put_wrapped(body, "sourceCallerIdNumber", "value", request.caller_id);
  put(body, "sourceDisplayName", request.display_name);
  put_wrapped(body, "source", "id", request.source_user);
  put(body, request.setup, api_version);
  return unless_wrong(check, make_call("create", connections_target("", api_version), body, Repeat::keyed, 201));
}

Result<HttpCall> to_http(const Answer& request, std::string_view api_version) {
  Check check;
  check.needed("incomingCallContext", request.incoming_call_context, max_context);
  check.text("answeredBy", request.answered_by, 512);
  check.setup(request.setup);
  json body = {{"incomingCallContext", request.incoming_call_context}};
  put_wrapped(body, "answeredBy", "id", request.answered_by);
  put(body, request.setup, api_version);
  return unless_wrong(check, make_call("answer", connections_target(":answer", api_version), body, Repeat::keyed, 200));
}

Result<HttpCall> to_http(const Redirect& request, std::string_view api_version) {
  Check check;
  check.needed("incomingCallContext", request.incoming_call_context, max_context);
  check.party("target", request.target);
  const json body = {{"incomingCallContext", request.incoming_call_context}, {"target", to_wire(request.target)}};
  return unless_wrong(check,
                      make_call("redirect", connections_target(":redirect", api_version), body, Repeat::keyed, 204));
}

Result<HttpCall> to_http(const Reject& request, std::string_view api_version) {
  Check check;
  check.needed("incomingCallContext", request.incoming_call_context, max_context);
  const char* reason = request.reason == Reject::Reason::busy        ? "busy"
                       : request.reason == Reject::Reason::forbidden ? "forbidden"
                                                                     : "none";
  const json body = {{"incomingCallContext", request.incoming_call_context}, {"callRejectReason", reason}};
  return unless_wrong(check, make_call("reject", connections_target(":reject", api_version), body, Repeat::keyed, 204));
}

Result<HttpCall> to_http(const Connect& request, std::string_view api_version) {
  Check check;
  check.locator(request.locator);
  check.setup(request.setup);
  json body = {{"callLocator", wire_of(request.locator)}};
  put(body, request.setup, api_version);
  return unless_wrong(check,
                      make_call("connect", connections_target(":connect", api_version), body, Repeat::keyed, 200));
}

Result<HttpCall> to_http(const GetCall& request, std::string_view api_version) {
  Check check;
  check.needed("callConnectionId", request.call, 512);
  return unless_wrong(check, make_call("get", "GET", call_target(request.call, "", api_version), Repeat::safe, 200));
}

Result<HttpCall> to_http(const HangUp& request, std::string_view api_version) {
  Check check;
  check.needed("callConnectionId", request.call, 512);
  return unless_wrong(check,
                      make_call("hang up", "DELETE", call_target(request.call, "", api_version), Repeat::safe, 204));
}

Result<HttpCall> to_http(const Terminate& request, std::string_view api_version) {
  Check check;
  check.needed("callConnectionId", request.call, 512);
  return unless_wrong(
      check, make_call("terminate", "POST", call_target(request.call, ":terminate", api_version), Repeat::keyed, 204));
}

Result<HttpCall> to_http(const Transfer& request, std::string_view api_version) {
  Check check;
  check.needed("callConnectionId", request.call, 512);
  check.party("targetParticipant", request.target);
  if (request.transferee) check.party("transferee", *request.transferee);
  check.caller_id(request.caller_id, false);
  check.custom_context(request.custom_context);
  check.correlation(request.correlation);
  json body = {{"targetParticipant", to_wire(request.target)}};
  if (request.transferee) body["transferee"] = to_wire(*request.transferee);
  put_wrapped(body, "sourceCallerIdNumber", "value", request.caller_id);
  put(body, request.custom_context);
  put(body, request.correlation);
  return unless_wrong(check, make_call("transfer", call_target(request.call, ":transferToParticipant", api_version),
                                       body, Repeat::keyed, 202));
}

Result<HttpCall> to_http(const ListParticipants& request, std::string_view api_version) {
  Check check;
  check.needed("callConnectionId", request.call, 512);
  return unless_wrong(check, make_call("list participants", "GET",
                                       call_target(request.call, "/participants", api_version), Repeat::safe, 200));
}

HttpCall next_page(std::string target) {
  return make_call("list participants", "GET", std::move(target), Repeat::safe, 200);
}

Result<HttpCall> to_http(const GetParticipant& request, std::string_view api_version) {
  Check check;
  check.needed("callConnectionId", request.call, 512);
  check.needed("participantRawId", request.raw_id, 512);
  const std::string rest = "/participants/" + text::percent_encode(request.raw_id);
  return unless_wrong(
      check, make_call("get participant", "GET", call_target(request.call, rest, api_version), Repeat::safe, 200));
}

Result<HttpCall> to_http(const AddParticipant& request, std::string_view api_version) {
  Check check;
  check.needed("callConnectionId", request.call, 512);
  check.party("participantToAdd", request.participant);
  check.caller_id(request.caller_id, request.participant.kind == Identifier::Kind::phone);
  check.text("sourceDisplayName", request.display_name, 256);
  check.range("invitationTimeoutInSeconds", request.invitation_timeout_s, 0, 180);
  check.custom_context(request.custom_context);
  check.correlation(request.correlation);
  json body = {{"participantToAdd", to_wire(request.participant)}};
  put_wrapped(body, "sourceCallerIdNumber", "value", request.caller_id);
  put(body, "sourceDisplayName", request.display_name);
  put(body, "invitationTimeoutInSeconds", request.invitation_timeout_s);
  put(body, request.custom_context);
  put(body, request.correlation);
  return unless_wrong(check, make_call("add participant", call_target(request.call, "/participants:add", api_version),
                                       body, Repeat::keyed, 202));
}

Result<HttpCall> to_http(const RemoveParticipant& request, std::string_view api_version) {
  Check check;
  check.needed("callConnectionId", request.call, 512);
  check.party("participantToRemove", request.participant);
  check.correlation(request.correlation);
  json body = {{"participantToRemove", to_wire(request.participant)}};
  put(body, request.correlation);
  return unless_wrong(
      check, make_call("remove participant", call_target(request.call, "/participants:remove", api_version), body,
                       Repeat::keyed, 202));
}

Result<HttpCall> to_http(const Mute& request, std::string_view api_version) {
  Check check;
  check.needed("callConnectionId", request.call, 512);
  check.parties("targetParticipants", request.participants, 1);
  check.text("operationContext", request.operation_context);
  json body;
  put(body, "targetParticipants", request.participants);
  put(body, "operationContext", request.operation_context);
  return unless_wrong(
      check, make_call("mute", call_target(request.call, "/participants:mute", api_version), body, Repeat::keyed, 200));
}

Result<HttpCall> to_http(const CancelAdd& request, std::string_view api_version) {
  Check check;
  check.needed("callConnectionId", request.call, 512);
  check.needed("invitationId", request.invitation_id, 512);
  check.correlation(request.correlation);
  json body = {{"invitationId", request.invitation_id}};
  put(body, request.correlation);
  return unless_wrong(check, make_call("cancel adding a participant",
                                       call_target(request.call, "/participants:cancelAddParticipant", api_version),
                                       body, Repeat::keyed, 202));
}

Result<HttpCall> to_http(const MoveHere& request, std::string_view api_version) {
  Check check;
  check.that(api_version >= "2026-03-12", "api-version", "must be 2026-03-12 or later to move participants");
  check.needed("callConnectionId", request.call, 512);
  check.parties("targetParticipants", request.participants, 1);
  check.needed("fromCall", request.from_call, 512);
  check.correlation(request.correlation);
  json body = {{"fromCall", request.from_call}};
  put(body, "targetParticipants", request.participants);
  put(body, request.correlation);
  return unless_wrong(
      check, make_call("move participants", call_target(request.call, "/participants:moveHere", api_version), body,
                       Repeat::keyed, 202));
}

}  // namespace trunkline::providers::acs::requests
