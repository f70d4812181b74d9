#include "api/webhook_body.hpp"

#include <trunkline/base/text.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>

namespace trunkline::api {
namespace {

namespace webhooks = events::webhooks;
using nlohmann::json;
using Errors = std::vector<net::FieldError>;

constexpr std::size_t shown_name = 64;

// An object with none but these members; else an empty one.
json read_object(std::string_view body, std::initializer_list<std::string_view> known, Errors& errors) {
  json object = json::parse(body, nullptr, false);
  if (!object.is_object()) {
    errors.push_back({"body", "must be a JSON object"});
    return json::object();
  }
  for (const auto& [name, value] : object.items()) {
    if (std::ranges::find(known, std::string_view(name)) != known.end()) continue;
    errors.push_back({name.substr(0, shown_name), "is not known here"});
  }
  return object;
}

std::optional<std::string> read_text(const json& object, const char* field, std::size_t most, Errors& errors) {
  const auto found = object.find(field);
  if (found == object.end()) return std::nullopt;
  if (!found->is_string()) {
    errors.push_back({field, "must be a text"});
    return std::nullopt;
  }
  auto text = found->get<std::string>();
  if (text.size() > most) errors.push_back({field, "is longer than " + std::to_string(most) + " bytes"});
  return text;
}

std::optional<std::vector<std::string>> read_types(const json& object, Errors& errors) {
  const auto found = object.find("types");
  if (found == object.end()) return std::nullopt;
  if (!found->is_array() || found->size() > webhooks::max_types) {
    errors.push_back({"types", "must be a list of at most " + std::to_string(webhooks::max_types) + " texts"});
    return std::nullopt;
  }
  std::vector<std::string> types;
  for (const auto& item : *found) {
    const std::string type = item.is_string() ? item.get<std::string>() : "";
    if (auto fault = webhooks::fault_of_type(type); !fault.empty()) errors.push_back({"types", std::move(fault)});
    types.push_back(type);
  }
  return types;
}

std::optional<bool> read_enabled(const json& object, Errors& errors) {
  const auto found = object.find("state");
  if (found == object.end()) return std::nullopt;
  if (*found == "enabled") return true;
  if (*found == "disabled") return false;
  errors.push_back({"state", "must be enabled or disabled"});
  return std::nullopt;
}

}  // namespace

WebhookBody<webhooks::EndpointChange> read_endpoint_change(std::string_view body, bool needed,
                                                           const net::AddressPolicy& policy) {
  WebhookBody<webhooks::EndpointChange> read;
  const json object = needed ? read_object(body, {"url", "description", "types"}, read.errors)
                             : read_object(body, {"url", "description", "types", "state"}, read.errors);
  auto& change = read.value;
  change.url = read_text(object, "url", webhooks::max_url, read.errors);
  change.description = read_text(object, "description", webhooks::max_description, read.errors);
  change.types = read_types(object, read.errors);
  if (!needed) change.enabled = read_enabled(object, read.errors);
  if (needed && read.errors.empty() && !change.url) read.errors.push_back({"url", "is needed"});
  if (change.url && read.errors.empty()) {
    if (auto fault = webhooks::fault_of_url(*change.url, policy); !fault.empty()) {
      read.errors.push_back({"url", std::move(fault)});
    }
  }
  return read;
}

WebhookBody<webhooks::Again> read_again(std::string_view body) {
  WebhookBody<webhooks::Again> read{webhooks::DeadOnes{}, {}};
  if (body.empty()) return read;
  const json object = read_object(body, {"afterSeq", "since"}, read.errors);
  const auto seq = object.find("afterSeq");
  if (seq != object.end()) {
    if (seq->is_number_unsigned() && seq->get<std::uint64_t>() <= INT64_MAX) {
      read.value = webhooks::AfterSeq{seq->get<std::int64_t>()};
    } else {
      read.errors.push_back({"afterSeq", "must be a whole number from 0"});
    }
  }
  const auto since = object.find("since");
  if (since == object.end()) return read;
  const auto time = since->is_string() ? text::parse_rfc3339(since->get<std::string>()) : std::nullopt;
  if (!time) read.errors.push_back({"since", "must be an RFC 3339 time"});
  if (seq != object.end()) read.errors.push_back({"since", "cannot stand beside afterSeq"});
  if (time) read.value = webhooks::Since{*time};
  return read;
}

}  // namespace trunkline::api
