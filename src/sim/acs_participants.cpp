#include "sim/acs_operations.hpp"

#include <algorithm>
#include <array>

// Who is in a call. Whoever is called here answers at once.
namespace trunkline::sim {
namespace {

namespace acs = providers::acs;
using nlohmann::json;

json participant_json(const acs::Participant& one) {
  return {{"identifier", acs::to_wire(one.identifier)}, {"isMuted", one.muted}, {"isOnHold", one.on_hold}};
}

AcsReply list_participants(AcsCalls&, AcsCall& call, const json&) {
  auto value = json::array();
  for (const auto& one : call.participants) value.push_back(participant_json(one));
  return acs_reply(200, {{"value", std::move(value)}});
}

acs::Participant* find_participant(AcsCall& call, const std::string& raw_id) {
  const auto found =
      std::ranges::find_if(call.participants, [&](const auto& one) { return one.identifier.raw_id == raw_id; });
  return found == call.participants.end() ? nullptr : &*found;
}

AcsReply add_participant(AcsCalls& calls, AcsCall& call, const json& body) {
  AcsFields fields(body);
  const auto party = fields.party("participantToAdd");
  const std::string number = AcsFields(fields.object("sourceCallerIdNumber")).text("value", false);
  fields.that(party.phone.empty() || !number.empty(), "sourceCallerIdNumber", "is missing for a telephone");
  fields.number("invitationTimeoutInSeconds", 0, 180, 0);
  fields.that(call.participants.size() < 350, "participantToAdd", "is one too many");
  const AcsCorrelation correlation = correlation_of(fields);
  if (auto wrong = fields.refusal()) return *wrong;
  if (find_participant(call, party.raw_id) == nullptr) call.participants.push_back({party, false, false});
  json answer = {{"participant", participant_json({party, false, false})}, {"invitationId", calls.guid()}};
  if (!correlation.context.is_null()) answer["operationContext"] = correlation.context;
  calls.tell(call, "AddParticipantSucceeded",
             {{"operationContext", correlation.context}, {"participant", acs::to_wire(party)}},
             correlation.callback_uri);
  calls.tell_roster(call);
  return acs_reply(202, answer);
}

AcsReply remove_participant(AcsCalls& calls, AcsCall& call, const json& body) {
  AcsFields fields(body);
  const auto party = fields.party("participantToRemove");
  const AcsCorrelation correlation = correlation_of(fields);
  if (auto wrong = fields.refusal()) return *wrong;
  const auto gone = std::erase_if(call.participants, [&](const auto& one) { return one.identifier == party; });
  json more = {{"operationContext", correlation.context}, {"participant", acs::to_wire(party)}};
  if (gone == 0) more["resultInformation"] = acs_result(400, 8501, "The participant is not in the call.");
  calls.tell(call, gone > 0 ? "RemoveParticipantSucceeded" : "RemoveParticipantFailed", more, correlation.callback_uri);
  if (gone > 0) calls.tell_roster(call);
  return with_context(202, correlation);
}

AcsReply mute(AcsCalls& calls, AcsCall& call, const json& body) {
  AcsFields fields(body);
  const auto parties = fields.parties("targetParticipants", 1);
  const AcsCorrelation correlation = correlation_of(fields);
  fields.that(parties.size() <= 1, "targetParticipants", "may name one only");
  if (auto wrong = fields.refusal()) return *wrong;
  acs::Participant* one = find_participant(call, parties.front().raw_id);
  if (one == nullptr) return acs_refusal(404, "8523", "Participant not found.");
  one->muted = true;
  calls.tell_roster(call);
  return with_context(200, correlation);
}

// Whoever is called here answers at once, so that every invitation has been accepted.
AcsReply cancel_add(AcsCalls& calls, AcsCall& call, const json& body) {
  AcsFields fields(body);
  const std::string invitation = fields.text("invitationId");
  const AcsCorrelation correlation = correlation_of(fields);
  if (auto wrong = fields.refusal()) return *wrong;
  calls.tell(call, "CancelAddParticipantFailed",
             {{"operationContext", correlation.context},
              {"invitationId", invitation},
              {"resultInformation", acs_result(400, 8501, "The invitation was accepted already.")}},
             correlation.callback_uri);
  json answer = {{"invitationId", invitation}};
  if (!correlation.context.is_null()) answer["operationContext"] = correlation.context;
  return acs_reply(202, answer);
}

AcsReply move_here(AcsCalls& calls, AcsCall& call, const json& body) {
  AcsFields fields(body);
  const auto parties = fields.parties("targetParticipants", 1);
  const std::string from = fields.text("fromCall");
  const AcsCorrelation correlation = correlation_of(fields);
  if (auto wrong = fields.refusal()) return *wrong;
  const auto other = calls.connected(from);
  if (other == nullptr) return acs_refusal(404, "8522", "Call not found.");
  json answer = {{"participants", json::array()}, {"fromCall", from}};
  for (const auto& party : parties) {
    std::erase_if(other->participants, [&](const auto& one) { return one.identifier == party; });
    call.participants.push_back({party, false, false});
    answer["participants"].push_back(participant_json(call.participants.back()));
    calls.tell(call, "MoveParticipantSucceeded",
               {{"operationContext", correlation.context}, {"participant", acs::to_wire(party)}, {"fromCall", from}},
               correlation.callback_uri);
  }
  calls.tell_roster(call);
  calls.tell_roster(*other);
  if (!correlation.context.is_null()) answer["operationContext"] = correlation.context;
  return acs_reply(202, answer);
}

}  // namespace

AcsReply get_participant(AcsCall& call, const std::string& raw_id) {
  const auto* one = find_participant(call, raw_id);
  return one == nullptr ? acs_refusal(404, "8523", "Participant not found.") : acs_reply(200, participant_json(*one));
}

AcsOperation find_participant_operation(const AcsRequest& request, std::string_view action) {
  if (request.method == "GET") return action == "/participants" ? list_participants : nullptr;
  if (request.method != "POST") return nullptr;
  if (action == "/participants:moveHere") return request.api_version >= "2026-03-12" ? move_here : nullptr;
  static constexpr std::array<std::pair<std::string_view, AcsOperation>, 4> operations = {{
      {"/participants:add", add_participant},
      {"/participants:remove", remove_participant},
      {"/participants:mute", mute},
      {"/participants:cancelAddParticipant", cancel_add},
  }};
  for (const auto& [name, operation] : operations) {
    if (name == action) return operation;
  }
  return nullptr;
}

}  // namespace trunkline::sim
