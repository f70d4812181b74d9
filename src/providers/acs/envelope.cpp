#include "providers/acs/fields.hpp"

#include <trunkline/base/base64.hpp>
#include <trunkline/base/crypto.hpp>
#include <trunkline/base/text.hpp>
#include <trunkline/providers/acs/envelope.hpp>

#include <span>
#include <utility>

namespace trunkline::providers::acs {
namespace {

using fields::bad;
using nlohmann::json;

constexpr std::size_t max_depth = 32;
constexpr std::size_t max_events = 5000;
constexpr std::size_t max_id = 1024;
constexpr std::size_t max_source = 2048;
constexpr std::size_t max_type = 256;
constexpr std::size_t max_subject = 8192;
constexpr std::size_t max_key = 200;

// Samples write `specversion` and `specVersion`.
json* member(json& event, const char* name) {
  if (const auto exact = event.find(name); exact != event.end()) return &*exact;
  for (auto at = event.begin(); at != event.end(); ++at) {
    if (text::iequals(at.key(), name)) return &*at;
  }
  return nullptr;
}

const std::string* text_member(json& event, const char* name) {
  json* found = member(event, name);
  return found == nullptr ? nullptr : found->get_ptr<std::string*>();
}

// The text under `name` in `out`; the problem, when there is one.
std::optional<Error> take_text(json& event, const char* name, std::size_t limit, bool required, std::string& out) {
  const json* found = member(event, name);
  if (found == nullptr || found->is_null()) {
    return required ? std::optional(bad(name, "is missing")) : std::nullopt;
  }
  const auto* text = found->get_ptr<const std::string*>();
  if (text == nullptr || (required && text->empty())) return bad(name, "must be a text");
  if (text->size() > limit) return bad(name, "is longer than " + std::to_string(limit) + " bytes");
  out = *text;
  return std::nullopt;
}

std::optional<Error> take_encoded(const std::string& encoded, json& out) {
  std::vector<std::uint8_t> bytes(base64::max_decoded(encoded.size()));
  const auto size = base64::decode(encoded, bytes);
  if (!size) return bad("data_base64", "is not base64");
  auto data = fields::parse({reinterpret_cast<const char*>(bytes.data()), *size}, max_depth);
  if (!data) return bad("data_base64", "is not JSON of at most 32 levels");
  out = std::move(*data);
  return std::nullopt;
}

std::optional<Error> take_data(json& event, json& out) {
  if (json* data = member(event, "data")) {
    out = std::move(*data);
  } else if (const std::string* encoded = text_member(event, "data_base64")) {
    return take_encoded(*encoded, out);
  }
  return std::nullopt;
}

std::optional<Error> take_version(json& event) {
  const json* version = member(event, "specversion");
  const auto* text = version == nullptr ? nullptr : version->get_ptr<const std::string*>();
  const bool fits = version == nullptr || (text != nullptr && text->starts_with("1."));
  return fits ? std::nullopt : std::optional(bad("specversion", "must be 1.0"));
}

Result<Envelope> read_envelope(json& event) {
  if (!event.is_object()) return bad("it", "must be an object");
  const bool is_cloud = member(event, "specversion") != nullptr || member(event, "eventType") == nullptr;
  Envelope out;
  const std::optional<Error> problems[] = {
      is_cloud ? take_version(event) : std::nullopt,
      take_text(event, "id", max_id, true, out.id),
      take_text(event, is_cloud ? "source" : "topic", max_source, is_cloud, out.source),
      take_text(event, is_cloud ? "type" : "eventType", max_type, true, out.type),
      take_text(event, "subject", max_subject, false, out.subject),
      take_data(event, out.data),
  };
  for (const auto& problem : problems) {
    if (problem) return *problem;
  }
  if (const std::string* time = text_member(event, is_cloud ? "time" : "eventTime")) {
    out.time = text::parse_rfc3339(*time);
  }
  return out;
}

}  // namespace

Result<std::vector<Result<Envelope>>> read_envelopes(std::string_view body) {
  auto parsed = fields::parse(body, max_depth);
  if (!parsed) return std::move(parsed).error();
  std::vector<Result<Envelope>> out;
  if (parsed->is_object()) {
    out.push_back(read_envelope(*parsed));
  } else if (!parsed->is_array()) {
    return make_error("invalid_body", "the body must be an event or an array of events");
  } else if (parsed->size() > max_events) {
    return make_error("too_many_events", "the body has more than 5000 events");
  } else {
    out.reserve(parsed->size());
    for (json& event : *parsed) out.push_back(read_envelope(event));
  }
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (out[i]) continue;
    out[i] = make_error(out[i].error().code, "event " + std::to_string(i) + ": " + out[i].error().message);
  }
  return out;
}

std::string inbox_key(const Envelope& envelope) {
  const std::string prefix = "acs/";
  const std::string tail = envelope.source + "/" + envelope.id;
  if (prefix.size() + tail.size() <= max_key) return prefix + tail;
  return prefix + crypto::hex(crypto::sha256(tail));
}

std::optional<Delivery> parse_delivery(std::string_view aeg_event_type) {
  const std::string_view word = text::trim(aeg_event_type);
  if (text::iequals(word, "Notification")) return Delivery::notification;
  if (text::iequals(word, "SubscriptionValidation")) return Delivery::validation;
  if (text::iequals(word, "SubscriptionDeletion")) return Delivery::deletion;
  return std::nullopt;
}

}  // namespace trunkline::providers::acs
