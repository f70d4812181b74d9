#pragma once

#include "events/webhook_policy.hpp"

#include <trunkline/events/webhooks.hpp>
#include <trunkline/store/sql.hpp>

#include <string>
#include <string_view>

// Endpoints and deliveries as rows.
namespace trunkline::events::webhooks {

/// The columns of read_endpoint() and read_health(), for SELECT and RETURNING.
inline constexpr std::string_view endpoint_columns =
    "id, url, description, types, secret, previous_secret, previous_valid_until, state, reason, next_after, "
    "failing_since, created_at, updated_at, failures, probe_at, hold_until";
Endpoint read_endpoint(const store::Row& row);
Health read_health(const store::Row& row);

inline constexpr std::string_view delivery_columns =
    "id, endpoint_id, event_id, seq, call_id, type, state, attempts, next_attempt_at, last_attempt_at, last_status, "
    "last_error, latency_ms, created_at, settled_at, due_at";
Delivery read_delivery(const store::Row& row);
Plan read_plan(const store::Row& row);

store::Value time_or_null(const std::optional<WallTime>& time);

/// What stands in the column call_id: the call, and for a test, which waits for nothing, the delivery itself.
std::string queue_of(const Delivery& delivery);

/// Lets the earliest pending delivery of a call go next, if none of the call does. With the endpoint's row locked.
void promote(store::Sql& sql, const std::string& endpoint_id, const std::string& queue);

/// The same where an earlier one may have come to be pending: that takes the turn of one that only waits for its time.
void put_first(store::Sql& sql, const std::string& endpoint_id, const std::string& queue);

/// Puts one that was settled, or waits for its time, at the disposal of the sender. With the endpoint's row locked.
void make_pending(store::Sql& sql, const Delivery& delivery, WallTime now);

}  // namespace trunkline::events::webhooks
