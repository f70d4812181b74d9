#include "providers/acs/fields.hpp"

#include <trunkline/providers/acs/incoming_call.hpp>

namespace trunkline::providers::acs {
namespace {

using nlohmann::json;

constexpr std::size_t max_context = 16 * 1024;
constexpr std::size_t max_server_call_id = 2048;
constexpr std::size_t max_correlation_id = 256;
constexpr std::size_t max_caller_name = 256;
constexpr std::size_t max_headers = 64;
constexpr std::size_t max_header_name = 128;
constexpr std::size_t max_header_value = 4096;

Result<Identifier> party_at(const json& data, const char* key) {
  const std::string field = std::string("data.") + key;
  const auto found = data.find(key);
  if (found == data.end()) return fields::bad(field, "is missing");
  auto party = read_identifier(*found);
  if (!party) return fields::bad(field, party.error().message);
  return party;
}

std::map<std::string, std::string> headers_at(const json& custom, const char* key, std::size_t& dropped) {
  std::map<std::string, std::string> out;
  for (const auto& [name, value] : fields::object_at(custom, key).items()) {
    const auto* text = value.get_ptr<const std::string*>();
    if (text == nullptr || name.empty() || name.size() > max_header_name || out.size() == max_headers) {
      ++dropped;
    } else {
      out.emplace(name, fields::cut(*text, max_header_value));
    }
  }
  return out;
}

void read_headers(const json& data, IncomingCall& out) {
  const json& custom = fields::object_at(data, "customContext");
  out.sip_headers = headers_at(custom, "sipHeaders", out.headers_dropped);
  out.voip_headers = headers_at(custom, "voipHeaders", out.headers_dropped);
}

}  // namespace

Result<IncomingCall> read_incoming_call(const Envelope& envelope) {
  const json& data = envelope.data;
  if (!data.is_object()) return fields::bad("data", "must be an object");
  auto to = party_at(data, "to");
  if (!to) return to.error();
  auto from = party_at(data, "from");
  if (!from) return from.error();
  auto context = fields::name_at(data, "incomingCallContext", max_context, "data.");
  if (!context) return context.error();
  if (context->empty()) return fields::bad("data.incomingCallContext", "is missing");
  auto server_call_id = fields::name_at(data, "serverCallId", max_server_call_id, "data.");
  if (!server_call_id) return server_call_id.error();
  auto correlation_id = fields::name_at(data, "correlationId", max_correlation_id, "data.");
  if (!correlation_id) return correlation_id.error();

  IncomingCall out;
  out.to = std::move(*to);
  out.from = std::move(*from);
  out.server_call_id = std::move(*server_call_id);
  out.correlation_id = std::move(*correlation_id);
  out.caller_name = fields::text_at(data, "callerDisplayName", max_caller_name);
  out.context = std::move(*context);
  read_headers(data, out);
  if (const auto found = data.find("onBehalfOfCallee"); found != data.end() && !found->is_null()) {
    if (auto callee = read_identifier(*found)) out.on_behalf_of = std::move(*callee);
  }
  return out;
}

}  // namespace trunkline::providers::acs
