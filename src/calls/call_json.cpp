#include <trunkline/base/text.hpp>
#include <trunkline/calls/event.hpp>
#include <trunkline/calls/fold.hpp>

#include <nlohmann/json.hpp>

namespace trunkline::calls {
namespace {

using json = nlohmann::ordered_json;  // clients see the members in the order of the documentation

json time_or_null(const std::optional<WallTime>& time) {
  return time ? json(text::to_rfc3339(*time)) : json(nullptr);
}

json participants_of(const Call& call) {
  json out = json::array();
  for (const Participant& participant : call.participants) {
    out.push_back({{"participantId", participant.id},
                   {"address", participant.address},
                   {"role", participant.role},
                   {"joinedAt", time_or_null(participant.joined_at)},
                   {"leftAt", time_or_null(participant.left_at)}});
  }
  return out;
}

std::string dump(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

std::string to_json_text(const Call& call) {
  json metadata = json::object();
  for (const auto& [key, value] : call.metadata) metadata[key] = value;
  return dump({{"callId", call.id},
               {"provider", call.provider},
               {"providerCallId", call.provider_call_id},
               {"direction", to_string(call.direction)},
               {"state", to_string(call.state)},
               {"from", call.from},
               {"to", call.to},
               {"createdAt", text::to_rfc3339(call.created_at)},
               {"connectedAt", time_or_null(call.connected_at)},
               {"endedAt", time_or_null(call.ended_at)},
               {"duration", call.duration_s ? json(*call.duration_s) : json(nullptr)},
               {"endReason", is_terminal(call.state) ? json(call.end_reason) : json(nullptr)},
               {"participants", participants_of(call)},
               {"metadata", std::move(metadata)},
               {"route", call.route},
               {"node", call.node.empty() || is_terminal(call.state) ? json(nullptr) : json(call.node)},
               {"version", call.version}});
}

std::string to_json_text(const Event& event) {
  std::string out = dump({{"id", event.id},
                          {"seq", event.seq > 0 ? json(event.seq) : json(nullptr)},
                          {"callId", event.call_id},
                          {"version", event.version},
                          {"type", to_string(event.type)},
                          {"at", text::to_rfc3339(event.at)},
                          {"state", to_string(event.state)}});
  out.pop_back();
  out.append(",\"data\":").append(event.data).append("}");
  return out;
}

}  // namespace trunkline::calls
