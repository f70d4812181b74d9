#include "api/exchange.hpp"

#include <trunkline/base/text.hpp>

#include <nlohmann/json.hpp>

#include <array>
#include <utility>

namespace trunkline::api {
namespace {

constexpr std::array<std::pair<std::string_view, int>, 46> statuses = {{
    {"call_not_found", 404},
    {"recording_not_found", 404},
    {"recording_missing", 410},
    {"call_over", 409},
    {"call_not_live", 409},
    {"recording_in_progress", 409},
    {"webhook_endpoint_not_found", 404},
    {"webhook_delivery_not_found", 404},
    {"webhook_endpoint_disabled", 409},
    {"too_many_webhook_endpoints", 409},
    {"invalid_parameter", 400},
    {"invalid_json", 400},
    {"invalid_body", 400},
    {"invalid_event", 400},
    {"too_many_events", 413},
    {"bad_token", 401},
    {"token_missing", 401},
    {"token_malformed", 401},
    {"token_signature", 401},
    {"token_issuer", 401},
    {"token_audience", 401},
    {"token_application", 401},
    {"token_expired", 401},
    {"token_not_yet_valid", 401},
    {"keys_unavailable", 503},
    {"provider_unavailable", 503},
    {"rate_limited", 503},
    {"call_not_found_there", 409},
    {"signature_missing", 403},
    {"signature_invalid", 403},
    {"unsupported_media_type", 415},
    {"invalid_cursor", 400},
    {"too_many_parameters", 400},
    {"duplicate_request", 409},
    {"store_unavailable", 503},
    {"node_unreachable", 503},
    {"store_failed", 503},    // nothing was changed: whoever asks again may have more luck
    {"store_in_doubt", 503},  // a provider asks again, and its key in the inbox says what became of it
    {"overloaded", 503},
    {"no_new_calls", 503},
    {"too_many_streams", 503},
    {"provider_not_configured", 502},
    {"provider_failed", 502},
    {"credentials_refused", 502},
    {"unreachable", 502},
    {"timeout", 504},
}};

}  // namespace

int status_of(const Error& error) {
  for (const auto& [code, status] : statuses) {
    if (code == error.code) return status;
  }
  return 500;
}

net::Response Exchange::fail(const Error& error) const {
  const int status = status_of(error);
  net::Response response = net::problem(status, error, request.id);
  if (status == 503) response.set("Retry-After", "2");
  return response;
}

net::Response Exchange::invalid(std::vector<net::FieldError> errors) const {
  std::string message = "the request is not valid";
  for (const auto& [field, reason] : errors) message.append("; ").append(field).append(": ").append(reason);
  return net::problem(400, make_error("invalid_parameter", message), request.id, std::move(errors));
}

net::Response json_response(std::string body, int status) {
  net::Response response;
  response.status = status;
  response.set("Content-Type", "application/json");
  response.body = std::move(body);
  return response;
}

net::Response json_response(const nlohmann::ordered_json& body, int status) {
  return json_response(body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace), status);
}

net::Response text_response(std::string_view content_type, std::string body) {
  net::Response response;
  response.set("Content-Type", std::string(content_type));
  response.body = std::move(body);
  return response;
}

std::string QueryReader::text(std::string_view name, std::size_t max_size) {
  const std::string_view value = first_of(query_, name);
  if (value.size() <= max_size) return std::string(value);
  reject(name, "longer than " + std::to_string(max_size) + " characters");
  return {};
}

std::optional<std::int64_t> QueryReader::integer(std::string_view name, std::int64_t least, std::int64_t most) {
  const std::string value = text(name);
  if (value.empty()) return std::nullopt;
  const auto number = text::to_int(value);
  if (number && *number >= least && *number <= most) return number;
  reject(name, "must be a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  return std::nullopt;
}

}  // namespace trunkline::api
