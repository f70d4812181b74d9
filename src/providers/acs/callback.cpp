#include "providers/acs/callback_details.hpp"
#include "providers/acs/fields.hpp"

#include <trunkline/providers/acs/callback.hpp>
#include <trunkline/providers/acs/cause.hpp>

#include <algorithm>
#include <array>

namespace trunkline::providers::acs {
namespace {

using calls::EventType;
using nlohmann::json;

constexpr std::string_view prefix = "Microsoft.Communication.";
constexpr std::size_t max_context = 512;
constexpr std::size_t max_id = 256;
constexpr std::size_t max_server_call_id = 2048;
constexpr std::size_t max_unknown_bytes = 16 * 1024;

struct Row {
  std::string_view name;
  EventType type;
  std::string_view operation;
  details::Read read;
};
constexpr auto started = EventType::operation_started;
constexpr auto completed = EventType::operation_completed;
constexpr auto failed = EventType::operation_failed;
constexpr auto cancelled = EventType::operation_cancelled;

constexpr std::array rows = {
    Row{"CallConnected", EventType::call_status, "", details::nothing},
    Row{"CallDisconnected", EventType::call_status, "", details::nothing},
    Row{"CreateCallFailed", EventType::call_status, operation::create_call, details::nothing},
    Row{"AnswerFailed", EventType::call_status, operation::answer, details::nothing},
    Row{"ConnectFailed", EventType::call_status, operation::connect, details::nothing},
    Row{"CallTransferAccepted", completed, operation::transfer, details::transfer},
    Row{"CallTransferFailed", failed, operation::transfer, details::nothing},
    Row{"ParticipantsUpdated", EventType::participants_changed, "", details::roster},
    Row{"AddParticipantSucceeded", completed, operation::add_participant, details::participant},
    Row{"AddParticipantFailed", failed, operation::add_participant, details::participant},
    Row{"RemoveParticipantSucceeded", completed, operation::remove_participant, details::participant},
    Row{"RemoveParticipantFailed", failed, operation::remove_participant, details::participant},
    Row{"CancelAddParticipantSucceeded", completed, operation::cancel_add_participant, details::invitation},
    Row{"CancelAddParticipantFailed", failed, operation::cancel_add_participant, details::invitation},
    Row{"MoveParticipantSucceeded", completed, operation::move_participant, details::participant},
    Row{"MoveParticipantFailed", failed, operation::move_participant, details::participant},
    Row{"PlayStarted", started, operation::play, details::nothing},
    Row{"PlayCompleted", completed, operation::play, details::nothing},
    Row{"PlayFailed", failed, operation::play, details::failed_source},
    Row{"PlayCanceled", cancelled, operation::play, details::nothing},
    Row{"RecognizeCompleted", completed, operation::recognize, details::recognition},
    Row{"RecognizeFailed", failed, operation::recognize, details::failed_source},
    Row{"RecognizeCanceled", cancelled, operation::recognize, details::nothing},
    Row{"ContinuousDtmfRecognitionToneReceived", EventType::dtmf_received, "", details::tone},
    Row{"ContinuousDtmfRecognitionToneFailed", failed, operation::continuous_dtmf, details::nothing},
    Row{"ContinuousDtmfRecognitionStopped", completed, operation::continuous_dtmf, details::nothing},
    Row{"SendDtmfTonesCompleted", completed, operation::send_dtmf, details::nothing},
    Row{"SendDtmfTonesFailed", failed, operation::send_dtmf, details::nothing},
    Row{"HoldFailed", failed, operation::hold, details::nothing},
    Row{"RecordingStateChanged", EventType::recording_started, "", details::recording_state},
    Row{"StartRecordingFailed", failed, operation::recording, details::recording_id},
    Row{"MediaStreamingStarted", started, operation::media_streaming, details::streaming},
    Row{"MediaStreamingStopped", completed, operation::media_streaming, details::streaming},
    Row{"MediaStreamingFailed", EventType::media_trouble, operation::media_streaming, details::streaming_trouble},
    Row{"TranscriptionStarted", started, operation::transcription, details::transcription},
    Row{"TranscriptionStopped", completed, operation::transcription, details::transcription},
    Row{"TranscriptionUpdated", started, operation::transcription, details::transcription},
    Row{"TranscriptionFailed", EventType::transcript_trouble, operation::transcription, details::transcription_trouble},
};

constexpr std::array<std::string_view, 4> informational = {"CallStarted", "CallEnded", "CallParticipantAdded",
                                                           "CallParticipantRemoved"};

const Row* row_of(std::string_view name) {
  const auto found = std::find_if(rows.begin(), rows.end(), [name](const Row& row) { return row.name == name; });
  return found == rows.end() ? nullptr : &*found;
}

// `calling/callConnections/{id}`; older ones go on behind it.
std::string_view connection_in(std::string_view source) {
  constexpr std::string_view before = "callConnections/";
  const auto at = source.find(before);
  if (at == source.npos) return {};
  source.remove_prefix(at + before.size());
  source = source.substr(0, source.find('/'));
  return fields::is_name(source, max_id) ? source : "";
}

Result<> read_names(const Envelope& envelope, Occurrence& out) {
  struct Name {
    const char* key;
    std::size_t limit;
    std::string* value;
  };
  const Name names[] = {{"callConnectionId", max_id, &out.connection_id},
                        {"serverCallId", max_server_call_id, &out.server_call_id},
                        {"correlationId", max_id, &out.correlation_id}};
  for (const Name& name : names) {
    auto value = fields::name_at(envelope.data, name.key, name.limit, "data.");
    if (!value) return value.error();
    *name.value = std::move(*value);
  }
  if (out.connection_id.empty()) out.connection_id = connection_in(envelope.source);
  return {};
}

// A recording may go on beyond the connection that began it.
bool names_a_call(const Row& row, const Occurrence& occurrence) {
  const bool is_recording = row.operation == operation::recording || row.read == details::recording_state;
  return !occurrence.connection_id.empty() || (is_recording && !occurrence.server_call_id.empty());
}

json names_of(const Occurrence& occurrence) {
  json names = json::object();
  fields::put(names, "callConnectionId", occurrence.connection_id);
  fields::put(names, "serverCallId", occurrence.server_call_id);
  return names;
}

Over over_by(std::string_view name) {
  if (name == "CallDisconnected") return Over::disconnected;
  return name == "AnswerFailed" ? Over::not_answered : Over::not_begun;
}

json status_data(const Row& row, const Cause& cause, const Occurrence& occurrence) {
  json data = {{"providerStatus", row.name}, {"names", names_of(occurrence)}};
  if (row.name == "CallConnected") {
    data["status"] = calls::to_string(calls::State::connected);
    return data;
  }
  Ending ending = ending_of(cause, over_by(row.name));
  fields::put(data, "operation", std::string(row.operation));
  data["status"] = calls::to_string(ending.state);
  data["reason"] = std::move(ending.reason);
  add_to(data, cause);
  return data;
}

json operation_data(const Row& row, const Cause& cause, const Occurrence& occurrence) {
  json data = {{"operation", row.operation}};
  fields::put(data, "context", occurrence.context);
  add_to(data, cause);
  fields::put(data, "reason", std::string(reason_of(cause)));
  const bool went_well = row.type == started || row.type == completed || row.type == cancelled;
  if (went_well) return data;
  if (!data.contains("reason")) data["reason"] = "failed";
  if (!data.contains("message")) data["message"] = "";
  return data;
}

Result<Callback> read_known(const Row& row, const Envelope& envelope, Occurrence out) {
  if (auto names = read_names(envelope, out); !names) return names.error();
  if (!names_a_call(row, out)) return fields::bad("data.callConnectionId", "is missing");
  out.context = fields::text_at(envelope.data, "operationContext", max_context);
  out.type = row.type;
  const Cause cause = read_cause(envelope.data);
  if (row.type == EventType::call_status) {
    out.data = status_data(row, cause, out);
  } else if (!row.operation.empty()) {
    out.data = operation_data(row, cause, out);
  }
  if (auto read = row.read(envelope.data, out); !read) return read.error();
  return Callback(std::move(out));
}

// In events of Event Grid a party comes with its role, below its identifier.
json member_at(const json& wire, const char* key) {
  const json& member = fields::object_at(wire, key);
  json party = details::party_at(member, "communicationIdentifier");
  return party.is_null() ? details::party_at(wire, key) : party;
}

json informational_data(const json& wire) {
  json out = json::object();
  const std::pair<const char*, const char*> parties[] = {
      {"startedBy", "startedBy"}, {"endedBy", "endedBy"}, {"participant", "user"}};
  for (const auto& [name, key] : parties) {
    if (json party = member_at(wire, key); !party.is_null()) out[name] = std::move(party);
  }
  out["twoParties"] = fields::flag_at(wire, "isTwoParty");
  fields::put(out, "displayName", fields::text_at(wire, "displayName", max_id));
  const auto seconds = fields::integer_at(wire, "callDurationInSeconds");
  const auto duration = seconds ? seconds : fields::integer_at(wire, "durationOfCall");
  if (duration) out["durationSeconds"] = *duration;
  const json& reason = fields::object_at(wire, "reason");
  for (const char* key : {"code", "subCode"}) {
    if (const auto code = fields::integer_at(reason, key)) out[key] = *code;
  }
  fields::put(out, "message", fields::text_at(reason, "phrase", max_id));
  return out;
}

Informational read_informational(std::string_view name, const Envelope& envelope, Occurrence common) {
  return {std::move(common.inbox_key),      std::string(name), std::move(common.server_call_id),
          std::move(common.correlation_id), common.at,         informational_data(envelope.data)};
}

// Newer services tell more than is known here: nothing in it can be wrong, and some of it may be of no use.
Unknown read_unknown(const Envelope& envelope, Occurrence common) {
  json kept = envelope.data;
  if (kept.is_object()) {
    static_cast<void>(read_names(envelope, common));  // as far as they can be read
    kept.erase("incomingCallContext");
  }
  common.type = EventType::provider_event;
  common.data = {{"eventType", envelope.type}};
  const bool fits = kept.dump(-1, ' ', false, json::error_handler_t::replace).size() <= max_unknown_bytes;
  if (fits && !kept.is_null()) common.data["data"] = std::move(kept);
  return {envelope.type, std::move(common)};
}

}  // namespace

Result<Callback> read_callback(const Envelope& envelope, WallTime now) {
  Occurrence out;
  out.inbox_key = inbox_key(envelope);
  out.at = std::min(envelope.time.value_or(now), now);  // nothing happens after we are told of it
  std::string_view name = envelope.type;
  if (!name.starts_with(prefix)) return Callback(read_unknown(envelope, std::move(out)));
  name.remove_prefix(prefix.size());
  const Row* row = row_of(name);
  const bool informs = std::find(informational.begin(), informational.end(), name) != informational.end();
  if (row == nullptr && !informs) return Callback(read_unknown(envelope, std::move(out)));

  if (!envelope.data.is_object()) return fields::bad("data", "must be an object");
  if (row != nullptr) return read_known(*row, envelope, std::move(out));
  if (auto names = read_names(envelope, out); !names) return names.error();
  return Callback(read_informational(name, envelope, std::move(out)));
}

}  // namespace trunkline::providers::acs
