#include "fuzz.hpp"

#include <trunkline/base/text.hpp>
#include <trunkline/providers/acs/callback.hpp>
#include <trunkline/providers/acs/file_status.hpp>
#include <trunkline/providers/acs/identifier.hpp>
#include <trunkline/providers/acs/incoming_call.hpp>
#include <trunkline/providers/acs/subscription.hpp>

#include <algorithm>

using namespace trunkline;
using namespace trunkline::fuzz;
using namespace trunkline::providers::acs;

namespace {

constexpr WallTime now{milliseconds{1'800'000'000'000}};
constexpr std::size_t largest_event = 64 * 1024;

// What is written of a party is that party.
void check_party(const Identifier& party) {
  must(!party.raw_id.empty() && party.raw_id.size() <= 512 && !address_of(party).empty());
  must(party.phone.empty() || party.kind == Identifier::Kind::phone);
  must(read_identifier(to_wire(party)).value() == party);
}

void check_parties(const nlohmann::json& data) {
  if (!data.is_object()) return;
  for (const nlohmann::json& member : data) {
    if (const auto party = read_identifier(member)) check_party(*party);
  }
}

void check_headers(const std::map<std::string, std::string>& headers) {
  must(headers.size() <= 64);
  for (const auto& [name, value] : headers) must(name.size() <= 128 && value.size() <= 4096);
}

void check_incoming(const Envelope& event) {
  const auto call = read_incoming_call(event);
  if (!call) {
    must(call.error().code == "invalid_event");
    return;
  }
  must(!call->context.empty() && call->context.size() <= 16 * 1024);
  check_party(call->to);
  check_party(call->from);
  check_headers(call->sip_headers);
  check_headers(call->voip_headers);
}

void check_files(const Envelope& event) {
  const auto files = read_file_status(event);
  if (!files) return;
  must(!files->recording_id.empty() && files->chunks.size() <= 500);
  const auto by_index = [](const auto& a, const auto& b) { return a.index < b.index; };
  must(std::is_sorted(files->chunks.begin(), files->chunks.end(), by_index));
  for (const auto& chunk : files->chunks) must(!chunk.content_location.empty());
}

void check_occurrence(const Occurrence& occurrence) {
  must(!occurrence.connection_id.empty() || !occurrence.server_call_id.empty());
  must(occurrence.at <= now && occurrence.context.size() <= 512 && occurrence.data.is_object());
  must(occurrence.data.dump().size() < largest_event);  // throws when it is not UTF-8
  const bool ends = occurrence.type == calls::EventType::call_status;
  must(!ends || calls::parse_state(occurrence.data["status"].get<std::string>()).has_value());
}

void check_callback(const Envelope& event) {
  const auto callback = read_callback(event, now);
  if (!callback) {
    must(callback.error().code == "invalid_event" && !callback.error().message.empty());
  } else if (const auto* occurrence = std::get_if<Occurrence>(&*callback)) {
    check_occurrence(*occurrence);
  } else if (const auto* informational = std::get_if<Informational>(&*callback)) {
    must(informational->data.dump().size() < largest_event);
  } else {
    must(std::get<Unknown>(*callback).about.data.dump().size() < largest_event);
  }
}

// Every reader has to bear every event, whatever its type.
void check_event(const Envelope& event) {
  must(!event.id.empty() && !event.type.empty());
  must(inbox_key(event).size() <= 200 && inbox_key(event).starts_with("acs/"));
  if (const auto validation = read_validation(event)) {
    must(nlohmann::json::parse(validation_answer(validation->code))["validationResponse"] == validation->code);
  }
  static_cast<void>(read_deletion(event));
  check_parties(event.data);
  check_incoming(event);
  check_files(event);
  check_callback(event);
}

}  // namespace

// Input: a request's body.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto events = read_envelopes(as_text(data, size));
  if (!events) return 0;
  must(events->size() <= 5000);
  for (std::size_t i = 0; i < events->size(); ++i) {
    const auto& event = (*events)[i];
    if (event) {
      check_event(*event);
    } else {
      must(event.error().message.starts_with("event " + std::to_string(i) + ": "));
    }
  }
  return 0;
}
