#include "events/webhook_again.hpp"
#include "events/webhook_rows.hpp"
#include "events/webhook_signature.hpp"

#include <trunkline/base/base64.hpp>
#include <trunkline/events/event_hub.hpp>
#include <trunkline/events/webhooks.hpp>
#include <trunkline/net/url.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace trunkline::events::webhooks {
namespace {

using store::Sql;
using store::Value;

constexpr std::size_t secret_bytes = 32;
constexpr std::chrono::hours old_secret_time{24};
constexpr std::size_t max_page = 200;
constexpr std::int64_t creating_turn = 5'102'733'094'781'266'002;

std::string columns(std::string_view before, std::string_view list, std::string_view after) {
  return std::string(before).append(list).append(after);
}

Error no_endpoint(const std::string& id) {
  return make_error("webhook_endpoint_not_found", "there is no webhook endpoint " + id.substr(0, 64));
}
Error no_delivery(const std::string& id) {
  return make_error("webhook_delivery_not_found", "there is no webhook delivery " + id.substr(0, 64));
}

Result<Endpoint> first_endpoint(const std::vector<store::Row>& rows, const std::string& id) {
  if (rows.empty()) return no_endpoint(id);
  return read_endpoint(rows.front());
}

// Until the transaction ends nobody else changes it or its deliveries; its sender looks again afterwards.
Result<Endpoint> lock_endpoint(Sql& sql, const std::string& id) {
  static const std::string statement =
      columns("UPDATE webhook_endpoints SET touched = touched + 1 WHERE id = $1 AND state <> 'deleted' RETURNING ",
              endpoint_columns, "");
  return first_endpoint(sql.query(statement, {id}), id);
}

Result<Endpoint> find_endpoint(Sql& sql, const std::string& id) {
  static const std::string statement =
      columns("SELECT ", endpoint_columns, " FROM webhook_endpoints WHERE id = $1 AND state <> 'deleted'");
  return first_endpoint(sql.query(statement, {id}), id);
}

Result<Delivery> find_delivery(Sql& sql, const std::string& id) {
  static const std::string statement =
      columns("SELECT ", delivery_columns,
              " FROM webhook_deliveries WHERE id = $1 AND EXISTS (SELECT 1 FROM webhook_endpoints AS whose WHERE "
              "whose.id = webhook_deliveries.endpoint_id AND whose.state <> 'deleted')");
  const auto rows = sql.query(statement, {id});
  if (rows.empty()) return no_delivery(id);
  return read_delivery(rows.front());
}

void save(Sql& sql, const Endpoint& endpoint) {
  sql.post(
      "UPDATE webhook_endpoints SET url = $2, description = $3, types = $4, secret = $5, previous_secret = $6, "
      "previous_valid_until = $7, state = $8, reason = $9, updated_at = $10 WHERE id = $1",
      {endpoint.id, endpoint.url, endpoint.description, nlohmann::json(endpoint.types).dump(), endpoint.secret,
       endpoint.previous_secret, to_millis(endpoint.previous_valid_until),
       std::string(endpoint.enabled ? "enabled" : "disabled"), endpoint.reason, to_millis(endpoint.updated_at)});
}

// Whatever failed before: now it is due.
void begin_anew(Sql& sql, const std::string& id, WallTime now) {
  sql.post(
      "UPDATE webhook_endpoints SET failures = 0, failing_since = NULL, probe_at = 0, hold_until = 0 WHERE id = $1",
      {id});
  sql.post("UPDATE webhook_deliveries SET next_attempt_at = $2 WHERE endpoint_id = $1 AND settled_at IS NULL",
           {id, to_millis(now)});
}

Result<calls::Page<Delivery>> list_deliveries(Sql& sql, const DeliveryFilter& filter) {
  if (auto known = find_endpoint(sql, filter.endpoint_id); !known) return known.error();
  std::vector<Value> params = {filter.endpoint_id};
  std::string statement = columns("SELECT ", delivery_columns, " FROM webhook_deliveries WHERE endpoint_id = $1");
  const auto where = [&](std::string_view left, std::string value) {
    params.emplace_back(std::move(value));
    statement.append(" AND ").append(left).append(" $").append(std::to_string(params.size()));
  };
  if (filter.state == DeliveryState::pending) statement += " AND settled_at IS NULL";
  if (filter.state == DeliveryState::delivered) statement += " AND state = 'delivered'";
  if (filter.state == DeliveryState::dead) statement += " AND state = 'dead'";
  if (!filter.call_id.empty()) where("call_id =", filter.call_id);
  if (!filter.cursor.empty()) {
    const auto last = base64::decode_url(filter.cursor);
    if (!last || !last->starts_with("msg_")) {
      return make_error("invalid_cursor", "the cursor is not one that a page was given with");
    }
    where("id <", *last);
  }
  const std::size_t limit = std::clamp<std::size_t>(filter.limit, 1, max_page);
  statement += " ORDER BY id DESC LIMIT " + std::to_string(limit + 1);
  calls::Page<Delivery> page;
  for (const auto& row : sql.query(statement, params)) {
    if (page.data.size() == limit) {
      page.next_cursor = base64::encode_url(page.data.back().id);
      break;
    }
    page.data.push_back(read_delivery(row));
  }
  return page;
}

Result<> insert_endpoint(Sql& sql, Endpoint& endpoint) {
  sql.take_turn(creating_turn);  // so that what is counted here is not out of date before this is stored
  const auto known = sql.query("SELECT COUNT(*) FROM webhook_endpoints WHERE state <> 'deleted'");
  if (known.front().integer(0) >= static_cast<std::int64_t>(max_endpoints)) {
    return make_error("too_many_webhook_endpoints",
                      "there are " + std::to_string(max_endpoints) + " webhook endpoints already");
  }
  endpoint.cursor = sql.query("SELECT COALESCE(MAX(seq), 0) FROM event_log").front().integer(0);
  sql.post(
      "INSERT INTO webhook_endpoints (id, url, description, types, secret, state, next_after, created_at, updated_at) "
      "VALUES ($1, $2, $3, $4, $5, 'enabled', $6, $7, $7)",
      {endpoint.id, endpoint.url, endpoint.description, nlohmann::json(endpoint.types).dump(), endpoint.secret,
       endpoint.cursor, to_millis(endpoint.created_at)});
  return {};
}

}  // namespace

std::string fault_of_url(std::string_view url, const net::AddressPolicy& policy) {
  if (url.size() > max_url) return "is longer than " + std::to_string(max_url) + " bytes";
  const auto parsed = net::parse_url(url);
  if (!parsed || (parsed->scheme != "https" && parsed->scheme != "http")) {
    return "is not an http or https URL without user information and fragment";
  }
  if (!parsed->secure() && !policy.takes_plain()) return "must be https";
  boost::system::error_code is_name;
  const auto address = boost::asio::ip::make_address(parsed->host, is_name);
  if (!is_name && !policy.admits(address, parsed->secure())) {
    return parsed->secure() ? "leads into a network that webhooks do not go to (WEBHOOK_ALLOWED_NETWORKS)"
                            : "must be https outside of WEBHOOK_ALLOWED_NETWORKS";
  }
  return {};
}

std::string fault_of_type(std::string_view type) {
  if (type == interim_transcript) return "'" + std::string(type) + "' is not kept, so it is not delivered";
  if (!is_type(type)) return "there are no events of the type '" + std::string(type.substr(0, 64)) + "'";
  return {};
}

Registry::Registry(store::Database& database, const net::AddressPolicy& policy, const Clock& clock, Ids& ids)
    : database_(database), policy_(policy), clock_(clock), ids_(ids) {}

template <class T, class Work>
asio::awaitable<Result<T>> Registry::changing(Work work) {
  auto done = co_await database_.write<T>(std::move(work));
  if (done && changed_) changed_();
  co_return done;
}

asio::awaitable<Result<std::vector<Endpoint>>> Registry::list() {
  co_return co_await database_.read<std::vector<Endpoint>>([](Sql& sql) -> Result<std::vector<Endpoint>> {
    std::vector<Endpoint> all;
    static const std::string statement =
        columns("SELECT ", endpoint_columns, " FROM webhook_endpoints WHERE state <> 'deleted' ORDER BY id");
    for (const auto& row : sql.query(statement)) all.push_back(read_endpoint(row));
    return all;
  });
}

asio::awaitable<Result<Endpoint>> Registry::find(std::string endpoint_id) {
  auto work = [&endpoint_id](Sql& sql) { return find_endpoint(sql, endpoint_id); };
  co_return co_await database_.read<Endpoint>(work);
}

asio::awaitable<Result<Endpoint>> Registry::create(std::string url, std::string description,
                                                   std::vector<std::string> types) {
  Endpoint endpoint;
  endpoint.id = ids_.make("we");
  endpoint.url = std::move(url);
  endpoint.description = std::move(description);
  endpoint.types = std::move(types);
  endpoint.secret = make_secret(ids_.secret(secret_bytes));
  endpoint.created_at = endpoint.updated_at = clock_.wall();
  auto work = [&endpoint](Sql& sql) -> Result<Endpoint> {
    if (auto inserted = insert_endpoint(sql, endpoint); !inserted) return inserted.error();
    return endpoint;
  };
  co_return co_await changing<Endpoint>(work);
}

asio::awaitable<Result<Endpoint>> Registry::change(std::string endpoint_id, EndpointChange change) {
  auto work = [&, now = clock_.wall()](Sql& sql) -> Result<Endpoint> {
    auto endpoint = lock_endpoint(sql, endpoint_id);
    if (!endpoint) return endpoint;
    endpoint->url = change.url.value_or(endpoint->url);
    endpoint->description = change.description.value_or(endpoint->description);
    endpoint->types = change.types.value_or(endpoint->types);
    endpoint->updated_at = now;
    if (change.enabled) {
      if (*change.enabled && !endpoint->enabled) {
        begin_anew(sql, endpoint_id, now);
        endpoint->failing_since.reset();
      }
      endpoint->reason = *change.enabled ? "" : endpoint->enabled ? "api" : endpoint->reason;
      endpoint->enabled = *change.enabled;
    }
    save(sql, *endpoint);
    return endpoint;
  };
  co_return co_await changing<Endpoint>(work);
}

asio::awaitable<Result<Endpoint>> Registry::remove(std::string endpoint_id) {
  auto work = [&endpoint_id](Sql& sql) -> Result<Endpoint> {
    auto endpoint = lock_endpoint(sql, endpoint_id);
    if (!endpoint) return endpoint;
    sql.post("UPDATE webhook_endpoints SET state = 'deleted', secret = '', previous_secret = '' WHERE id = $1",
             {endpoint_id});
    return endpoint;
  };
  co_return co_await changing<Endpoint>(work);
}

asio::awaitable<Result<Endpoint>> Registry::rotate_secret(std::string endpoint_id) {
  const std::string secret = make_secret(ids_.secret(secret_bytes));
  auto work = [&, now = clock_.wall()](Sql& sql) -> Result<Endpoint> {
    auto endpoint = lock_endpoint(sql, endpoint_id);
    if (!endpoint) return endpoint;
    endpoint->previous_secret = std::exchange(endpoint->secret, secret);
    endpoint->previous_valid_until = now + old_secret_time;
    endpoint->updated_at = now;
    save(sql, *endpoint);
    return endpoint;
  };
  co_return co_await changing<Endpoint>(work);
}

asio::awaitable<Result<Delivery>> Registry::test(std::string endpoint_id) {
  const std::string id = ids_.make("msg");
  const std::string event_id = ids_.make("evt");
  auto work = [&, now = clock_.wall()](Sql& sql) -> Result<Delivery> {
    const auto endpoint = lock_endpoint(sql, endpoint_id);
    if (!endpoint) return endpoint.error();
    if (!endpoint->enabled) {
      return make_error("webhook_endpoint_disabled", "the webhook endpoint is disabled: nothing is sent to it");
    }
    sql.post("UPDATE webhook_endpoints SET probe_at = 0 WHERE id = $1", {endpoint_id});
    sql.post(  // a time long past: before everything that waits
        "INSERT INTO webhook_deliveries (id, endpoint_id, event_id, seq, call_id, type, state, due_at, "
        "next_attempt_at, "
        "created_at) VALUES ($1, $2, $3, 0, $1, $4, 'ready', 0, 0, $5)",
        {id, endpoint_id, event_id, test_event, to_millis(now)});
    return find_delivery(sql, id);
  };
  co_return co_await changing<Delivery>(work);
}

asio::awaitable<Result<calls::Page<Delivery>>> Registry::deliveries(DeliveryFilter filter) {
  auto work = [&filter](Sql& sql) { return list_deliveries(sql, filter); };
  co_return co_await database_.read<calls::Page<Delivery>>(work);
}

asio::awaitable<Result<Delivery>> Registry::delivery(std::string delivery_id) {
  auto work = [&delivery_id](Sql& sql) { return find_delivery(sql, delivery_id); };
  co_return co_await database_.read<Delivery>(work);
}

asio::awaitable<Result<Delivery>> Registry::redeliver(std::string delivery_id) {
  auto work = [&, now = clock_.wall()](Sql& sql) -> Result<Delivery> {
    auto delivery = find_delivery(sql, delivery_id);
    if (!delivery) return delivery;
    if (auto endpoint = lock_endpoint(sql, delivery->endpoint_id); !endpoint) return endpoint.error();
    make_pending(sql, *delivery, now);
    return find_delivery(sql, delivery_id);
  };
  co_return co_await changing<Delivery>(work);
}

asio::awaitable<Result<>> Registry::tell_again(std::string endpoint_id, Again which) {
  auto work = [&](Sql& sql) -> Result<> {
    const auto* const since = std::get_if<Since>(&which);
    const std::int64_t place = since != nullptr ? place_at(sql, since->time) : std::get<AfterSeq>(which).seq;
    if (auto endpoint = lock_endpoint(sql, endpoint_id); !endpoint) return endpoint.error();
    send_back(sql, endpoint_id, place);
    return {};
  };
  co_return co_await changing<void>(work);
}

asio::awaitable<Result<std::int64_t>> Registry::redeliver_all(std::string endpoint_id, Again which) {
  if (std::holds_alternative<DeadOnes>(which)) co_return co_await redeliver_dead(std::move(endpoint_id));
  const auto told = co_await tell_again(std::move(endpoint_id), which);
  if (!told) co_return told.error();
  co_return std::int64_t{0};
}

// In parts: in between its sender goes on, and others who want to write.
asio::awaitable<Result<std::int64_t>> Registry::redeliver_dead(std::string endpoint_id) {
  std::int64_t revived = 0;
  Part part;
  do {
    auto work = [&, now = clock_.wall()](Sql& sql) -> Result<Part> {
      if (auto endpoint = lock_endpoint(sql, endpoint_id); !endpoint) return endpoint.error();
      return revive_dead(sql, endpoint_id, part.reached, now);
    };
    const auto done = co_await changing<Part>(work);
    if (!done) co_return done.error();
    part = *done;
    revived += part.revived;
  } while (part.more && revived < max_revived);
  co_return revived;
}

}  // namespace trunkline::events::webhooks
