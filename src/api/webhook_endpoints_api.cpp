// Who is told of events by HTTP, and what became of it.

#include "api/endpoints.hpp"
#include "api/json_list.hpp"
#include "api/webhook_body.hpp"

#include <trunkline/observe/log.hpp>

#include <nlohmann/json.hpp>

#include <string>
#include <utility>
#include <vector>

namespace trunkline::api {
namespace {

using auth::Permission;
using nlohmann::ordered_json;
namespace webhooks = events::webhooks;

constexpr std::int64_t max_page = 200;

// The one time that it is shown.
net::Response with_secret(const webhooks::Endpoint& endpoint, int status) {
  std::string body = to_json_text(endpoint);
  body.pop_back();
  body += ",\"secret\":" + ordered_json(endpoint.secret).dump() + "}";
  return json_response(std::move(body), status);
}

template <class T>
net::Response shown(const Exchange& exchange, const Result<T>& result, int status = 200) {
  return result ? json_response(to_json_text(*result), status) : exchange.fail(result.error());
}

std::string endpoint_of(const Exchange& exchange) {
  return std::string(exchange.param("endpointId"));
}

void note(const Exchange& exchange, const char* what, const std::string& endpoint_id) {
  log::info(what,
            {{"endpointId", endpoint_id}, {"by", exchange.principal.subject}, {"requestId", exchange.request.id}});
}

asio::awaitable<net::Response> list(const Services& services, Exchange& exchange) {
  const auto all = co_await services.webhooks.list();
  if (!all) co_return exchange.fail(all.error());
  co_return json_response("{\"data\":" + json_list(*all) + "}");
}

asio::awaitable<net::Response> create(const Services& services, Exchange& exchange) {
  auto body = read_endpoint_change(exchange.request.body, true, services.webhooks.policy());
  if (!body.errors.empty()) co_return exchange.invalid(std::move(body.errors));
  auto& wanted = body.value;
  std::string url = std::move(*wanted.url);
  std::string description = wanted.description.value_or("");
  std::vector<std::string> types = wanted.types.value_or(std::vector<std::string>());
  const auto made = co_await services.webhooks.create(std::move(url), std::move(description), std::move(types));
  if (!made) co_return exchange.fail(made.error());
  note(exchange, "webhook endpoint made", made->id);
  net::Response response = with_secret(*made, 201);
  response.set("Location", "/api/v1/webhook-endpoints/" + made->id);
  co_return response;
}

asio::awaitable<net::Response> get(const Services& services, Exchange& exchange) {
  co_return shown(exchange, co_await services.webhooks.find(endpoint_of(exchange)));
}

asio::awaitable<net::Response> change(const Services& services, Exchange& exchange) {
  auto body = read_endpoint_change(exchange.request.body, false, services.webhooks.policy());
  if (!body.errors.empty()) co_return exchange.invalid(std::move(body.errors));
  const auto changed = co_await services.webhooks.change(endpoint_of(exchange), std::move(body.value));
  if (changed) note(exchange, "webhook endpoint changed", changed->id);
  co_return shown(exchange, changed);
}

asio::awaitable<net::Response> remove(const Services& services, Exchange& exchange) {
  const auto removed = co_await services.webhooks.remove(endpoint_of(exchange));
  if (!removed) co_return exchange.fail(removed.error());
  note(exchange, "webhook endpoint removed", removed->id);
  net::Response response;
  response.status = 204;
  co_return response;
}

asio::awaitable<net::Response> rotate(const Services& services, Exchange& exchange) {
  const auto rotated = co_await services.webhooks.rotate_secret(endpoint_of(exchange));
  if (!rotated) co_return exchange.fail(rotated.error());
  note(exchange, "webhook secret rotated", rotated->id);
  co_return with_secret(*rotated, 200);
}

asio::awaitable<net::Response> test(const Services& services, Exchange& exchange) {
  co_return shown(exchange, co_await services.webhooks.test(endpoint_of(exchange)), 202);
}

asio::awaitable<net::Response> list_deliveries(const Services& services, Exchange& exchange) {
  QueryReader query(exchange.query);
  webhooks::DeliveryFilter filter;
  filter.endpoint_id = endpoint_of(exchange);
  filter.state = query.word("state", "pending, delivered or dead", webhooks::parse_delivery_state);
  filter.call_id = query.text("callId");
  filter.cursor = query.text("cursor");
  filter.limit = static_cast<std::size_t>(query.integer("limit", 1, max_page).value_or(50));
  if (!query.errors().empty()) co_return exchange.invalid(query.errors());
  const auto page = co_await services.webhooks.deliveries(std::move(filter));
  if (!page) co_return exchange.fail(page.error());
  co_return json_response(json_page(page->data, page->next_cursor));
}

asio::awaitable<net::Response> get_delivery(const Services& services, Exchange& exchange) {
  co_return shown(exchange, co_await services.webhooks.delivery(std::string(exchange.param("deliveryId"))));
}

asio::awaitable<net::Response> redeliver(const Services& services, Exchange& exchange) {
  co_return shown(exchange, co_await services.webhooks.redeliver(std::string(exchange.param("deliveryId"))), 202);
}

asio::awaitable<net::Response> redeliver_all(const Services& services, Exchange& exchange) {
  auto body = read_again(exchange.request.body);
  if (!body.errors.empty()) co_return exchange.invalid(std::move(body.errors));
  const std::string id = endpoint_of(exchange);
  const auto revived = co_await services.webhooks.redeliver_all(id, body.value);
  if (!revived) co_return exchange.fail(revived.error());
  note(exchange, "webhook deliveries asked for again", id);
  co_return json_response(ordered_json{{"redelivered", *revived}}, 202);
}

}  // namespace

void add_webhook_endpoints(Router& router, const Services& services) {
  const auto add = [&](std::string method, std::string pattern, auto handler) {
    const auto permission = method == "GET" ? Permission::webhooks_read : Permission::webhooks_write;
    router.add({std::move(method),
                "/api/v1/" + pattern,
                Access::token,
                permission,
                [&services, handler](Exchange& exchange) { return handler(services, exchange); },
                {}});
  };
  add("GET", "webhook-endpoints", list);
  add("POST", "webhook-endpoints", create);
  add("GET", "webhook-endpoints/{endpointId}", get);
  add("PATCH", "webhook-endpoints/{endpointId}", change);
  add("DELETE", "webhook-endpoints/{endpointId}", remove);
  add("POST", "webhook-endpoints/{endpointId}/rotate-secret", rotate);
  add("POST", "webhook-endpoints/{endpointId}/test", test);
  add("GET", "webhook-endpoints/{endpointId}/deliveries", list_deliveries);
  add("POST", "webhook-endpoints/{endpointId}/redeliver", redeliver_all);
  add("GET", "webhook-deliveries/{deliveryId}", get_delivery);
  add("POST", "webhook-deliveries/{deliveryId}/redeliver", redeliver);
}

}  // namespace trunkline::api
