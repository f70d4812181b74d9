#include "events/webhook_rows.hpp"

#include <trunkline/base/text.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace trunkline::events::webhooks {
namespace {

using nlohmann::ordered_json;

constexpr std::array<std::string_view, 3> state_names = {"pending", "delivered", "dead"};
constexpr std::size_t shown_of_secret = 10;  // `whsec_` and four characters

std::optional<WallTime> time_at(const store::Row& row, std::size_t column) {
  const auto ms = row.integer_or_null(column);
  return ms ? std::optional(from_millis(*ms)) : std::nullopt;
}

ordered_json shown(const std::optional<WallTime>& time) {
  return time ? ordered_json(text::to_rfc3339(*time)) : ordered_json();
}
ordered_json shown(const std::string& text) {
  return text.empty() ? ordered_json() : ordered_json(text);
}
ordered_json shown(const std::optional<std::int64_t>& number) {
  return number ? ordered_json(*number) : ordered_json();
}

}  // namespace

std::string_view to_string(DeliveryState state) {
  return state_names[static_cast<std::size_t>(state)];
}

std::optional<DeliveryState> parse_delivery_state(std::string_view text) {
  const auto* const name = std::ranges::find(state_names, text);
  if (name == state_names.end()) return std::nullopt;
  return static_cast<DeliveryState>(name - state_names.begin());
}

Endpoint read_endpoint(const store::Row& row) {
  Endpoint endpoint;
  endpoint.id = row.text(0);
  endpoint.url = row.text(1);
  endpoint.description = row.text(2);
  endpoint.types = nlohmann::json::parse(row.text(3)).get<std::vector<std::string>>();
  endpoint.secret = row.text(4);
  endpoint.previous_secret = row.text(5);
  endpoint.previous_valid_until = from_millis(row.integer(6));
  endpoint.enabled = row.text(7) == "enabled";
  endpoint.reason = row.text(8);
  endpoint.cursor = row.integer(9);
  endpoint.failing_since = time_at(row, 10);
  endpoint.created_at = from_millis(row.integer(11));
  endpoint.updated_at = from_millis(row.integer(12));
  return endpoint;
}

Health read_health(const store::Row& row) {
  return {row.integer(13), time_at(row, 10), from_millis(row.integer(14)), from_millis(row.integer(15))};
}

Delivery read_delivery(const store::Row& row) {
  Delivery delivery;
  delivery.id = row.text(0);
  delivery.endpoint_id = row.text(1);
  delivery.event_id = row.text(2);
  delivery.seq = row.integer(3);
  if (delivery.seq != 0) delivery.call_id = row.text(4);
  delivery.type = row.text(5);
  delivery.state = parse_delivery_state(row.text(6)).value_or(DeliveryState::pending);
  delivery.attempts = row.integer(7);
  delivery.last_attempt_at = time_at(row, 9);
  delivery.last_status = row.integer_or_null(10);
  delivery.last_error = row.text(11);
  delivery.latency_ms = row.integer_or_null(12);
  delivery.created_at = from_millis(row.integer(13));
  if (delivery.state == DeliveryState::pending) {
    delivery.next_attempt_at = std::max(from_millis(row.integer(8)), delivery.created_at);
  }
  if (delivery.state == DeliveryState::delivered) delivery.delivered_at = time_at(row, 14);
  return delivery;
}

Plan read_plan(const store::Row& row) {
  return {row.integer(7), from_millis(row.integer(15)), row.integer(3) == 0};
}

store::Value time_or_null(const std::optional<WallTime>& time) {
  return time ? store::Value(to_millis(*time)) : store::Value();
}

void promote(store::Sql& sql, const std::string& endpoint_id, const std::string& queue) {
  sql.post(
      "UPDATE webhook_deliveries SET state = 'ready' WHERE id = (SELECT id FROM webhook_deliveries "
      "WHERE endpoint_id = $1 AND call_id = $2 AND settled_at IS NULL ORDER BY seq LIMIT 1) AND state = 'waiting' "
      "AND NOT EXISTS (SELECT 1 FROM webhook_deliveries AS other WHERE other.endpoint_id = $1 AND other.call_id = $2 "
      "AND other.settled_at IS NULL AND other.state IN ('ready', 'sending'))",
      {endpoint_id, queue});
}

// One that is under way is waited for.
void put_first(store::Sql& sql, const std::string& endpoint_id, const std::string& queue) {
  sql.post(
      "UPDATE webhook_deliveries SET state = 'waiting' WHERE endpoint_id = $1 AND call_id = $2 AND settled_at IS NULL "
      "AND state = 'ready' AND EXISTS (SELECT 1 FROM webhook_deliveries AS earlier WHERE earlier.endpoint_id = $1 AND "
      "earlier.call_id = $2 AND earlier.settled_at IS NULL AND earlier.seq < webhook_deliveries.seq)",
      {endpoint_id, queue});
  promote(sql, endpoint_id, queue);
}

void make_pending(store::Sql& sql, const Delivery& delivery, WallTime now) {
  sql.post(
      "UPDATE webhook_deliveries SET state = 'waiting', attempts = 0, due_at = $2, next_attempt_at = $2, "
      "settled_at = NULL WHERE id = $1 AND state <> 'sending'",
      {delivery.id, to_millis(now)});
  put_first(sql, delivery.endpoint_id, queue_of(delivery));
}

std::string queue_of(const Delivery& delivery) {
  return delivery.seq == 0 ? delivery.id : delivery.call_id;
}

std::string to_json_text(const Endpoint& endpoint) {
  const auto until = endpoint.previous_secret.empty() ? std::nullopt : std::optional(endpoint.previous_valid_until);
  return ordered_json{{"endpointId", endpoint.id},
                      {"url", endpoint.url},
                      {"description", endpoint.description},
                      {"types", endpoint.types},
                      {"state", endpoint.enabled ? "enabled" : "disabled"},
                      {"disabledReason", shown(endpoint.reason)},
                      {"secretPrefix", endpoint.secret.substr(0, shown_of_secret)},
                      {"previousSecretValidUntil", shown(until)},
                      {"cursor", endpoint.cursor},
                      {"failingSince", shown(endpoint.failing_since)},
                      {"createdAt", text::to_rfc3339(endpoint.created_at)},
                      {"updatedAt", text::to_rfc3339(endpoint.updated_at)}}
      .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string to_json_text(const Delivery& delivery) {
  return ordered_json{{"deliveryId", delivery.id},
                      {"endpointId", delivery.endpoint_id},
                      {"eventId", delivery.event_id},
                      {"seq", delivery.seq == 0 ? ordered_json() : ordered_json(delivery.seq)},
                      {"callId", shown(delivery.call_id)},
                      {"type", delivery.type},
                      {"state", to_string(delivery.state)},
                      {"attempts", delivery.attempts},
                      {"nextAttemptAt", shown(delivery.next_attempt_at)},
                      {"lastAttemptAt", shown(delivery.last_attempt_at)},
                      {"lastStatus", shown(delivery.last_status)},
                      {"lastError", shown(delivery.last_error)},
                      {"latencyMs", shown(delivery.latency_ms)},
                      {"createdAt", text::to_rfc3339(delivery.created_at)},
                      {"deliveredAt", shown(delivery.delivered_at)}}
      .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace trunkline::events::webhooks
