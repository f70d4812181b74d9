#include "sim/acs_callbacks.hpp"

#include <trunkline/base/json.hpp>
#include <trunkline/base/text.hpp>
#include <trunkline/net/client.hpp>
#include <trunkline/providers/acs/repeatability.hpp>
#include <trunkline/providers/acs/subscription.hpp>

#include <nlohmann/json.hpp>

#include <utility>

namespace trunkline::sim {
namespace {

using nlohmann::json;

constexpr const char* topic =
    "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/simulated/providers/Microsoft.Communication/"
    "communicationServices/trunkline-simulator";
constexpr const char* origin = "eventgrid.azure.net";

Error failed(std::string what, const net::ClientResponse& response) {
  return make_error("handshake_failed", std::move(what) + ": HTTP " + std::to_string(response.status), response.body);
}

}  // namespace

std::string EventGridSubscription::envelope(const std::string& type, const std::string& subject,
                                            const std::string& data, bool cloud_event) {
  const std::string id = providers::acs::uuid_of(ids_.secret(16));
  const std::string time = text::to_rfc3339(clock_.wall());
  if (cloud_event) {
    return json{{"id", id},     {"source", topic},      {"subject", subject}, {"data", json::parse(data)},
                {"type", type}, {"specversion", "1.0"}, {"time", time}}
        .dump();
  }
  const json event = {{"id", id},          {"topic", topic},    {"subject", subject},     {"data", json::parse(data)},
                      {"eventType", type}, {"eventTime", time}, {"metadataVersion", "1"}, {"dataVersion", "1.0"}};
  return json::array({event}).dump();
}

asio::awaitable<Result<>> EventGridSubscription::deliver(std::string type, std::string subject, std::string data) {
  net::ClientRequest request;
  request.method = "POST";
  request.url = plan_.target + plan_.event_grid.path;
  const bool cloud_event = plan_.event_grid.cloud_events;
  request.headers = {
      {"Content-Type", cloud_event ? "application/cloudevents+json; charset=utf-8" : "application/json; charset=utf-8"},
      {"aeg-event-type", "Notification"},
      {"aeg-subscription-name", "CALLS"},
      {"aeg-delivery-count", "0"},
      {"aeg-metadata-version", "1"}};
  if (!cloud_event) request.headers.push_back({"aeg-data-version", "1.0"});
  if (!plan_.event_grid.secret.empty()) {
    request.headers.push_back({plan_.event_grid.secret_header, plan_.event_grid.secret});
  }
  request.body = envelope(type, subject, data, cloud_event);
  if (plan_.fault == Fault::duplicate) {
    net::ClientRequest same = request;
    co_await net::fetch(std::move(same));
  }
  auto response = co_await net::fetch(std::move(request));
  if (!response) co_return response.error();
  if (response->status >= 200 && response->status <= 204) co_return Result<>();
  co_return make_error("refused", "the gateway answered with HTTP " + std::to_string(response->status), response->body);
}

asio::awaitable<Result<>> EventGridSubscription::validate() {
  auto by_code = co_await validate_by_code();
  if (!by_code) co_return by_code;
  co_return co_await validate_by_origin();
}

// Event Grid's own schema: a code that has to come back, with 200 and no other success.
asio::awaitable<Result<>> EventGridSubscription::validate_by_code() {
  const std::string code = providers::acs::uuid_of(ids_.secret(16));
  const json data = {
      {"validationCode", code},
      {"validationUrl", "https://rp-simulated.eventgrid.azure.net:553/eventsubscriptions/calls/validate"}};
  net::ClientRequest request;
  request.method = "POST";
  request.url = plan_.target + plan_.event_grid.path;
  request.headers = {{"Content-Type", "application/json; charset=utf-8"},
                     {"aeg-event-type", "SubscriptionValidation"},
                     {"aeg-subscription-name", "CALLS"}};
  if (!plan_.event_grid.secret.empty()) {
    request.headers.push_back({plan_.event_grid.secret_header, plan_.event_grid.secret});
  }
  request.body = envelope(std::string(providers::acs::validation_type), "", data.dump(), false);
  const auto response = co_await net::fetch(std::move(request));
  if (!response) co_return response.error();
  const json said = json::parse(response->body, nullptr, false);
  const bool echoed = said.is_object() && text_of(said, "validationResponse") == code;
  if (response->status != 200 || !echoed) co_return failed("the gateway did not return the validation code", *response);
  co_return Result<>();
}

// CloudEvents: the receiver says whose events it takes.
asio::awaitable<Result<>> EventGridSubscription::validate_by_origin() {
  net::ClientRequest request;
  request.method = "OPTIONS";
  request.url = plan_.target + plan_.event_grid.path;
  request.headers = {{"WebHook-Request-Origin", origin}};
  if (!plan_.event_grid.secret.empty()) {
    request.headers.push_back({plan_.event_grid.secret_header, plan_.event_grid.secret});
  }
  const auto response = co_await net::fetch(std::move(request));
  if (!response) co_return response.error();
  const auto allowed = net::find_header(response->headers, "WebHook-Allowed-Origin");
  if (response->status != 200 || (allowed != origin && allowed != "*")) {
    co_return failed("the gateway did not allow the origin " + std::string(origin), *response);
  }
  co_return Result<>();
}

}  // namespace trunkline::sim
