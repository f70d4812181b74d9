// What providers send: their webhooks and media sockets, as their adapters serve them.

#include "api/endpoints.hpp"

#include <trunkline/observe/log.hpp>
#include <trunkline/providers/adapter.hpp>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace trunkline::api {
namespace {

using Outcome = observe::WebhookKind::Outcome;

Outcome outcome_of(int status) {
  if (status < 300) return Outcome::accepted;
  if (status == 401 || status == 403) return Outcome::forged;
  return status < 500 ? Outcome::refused : Outcome::failed;
}

std::string_view word_of(Outcome outcome) {
  static constexpr std::array<std::string_view, 4> words = {"accepted", "refused", "forged", "failed"};
  return words[static_cast<std::size_t>(outcome)];
}

net::Response rendered(const Exchange& exchange, const Error& error, std::vector<net::FieldError> faults) {
  return faults.empty() ? exchange.fail(error) : exchange.invalid(std::move(faults));
}

/// One kind of webhook, with its figures.
class WebhookEndpoint {
 public:
  WebhookEndpoint(const Services& services, std::string_view provider, providers::WebhookRoute route)
      : services_(services), route_(std::move(route)), kind_(services.webhook_figures.of(provider, route_.type)) {
    if (route_.dated) services_.metrics.webhook_lag(route_.type);  // there from the start
  }

  asio::awaitable<net::Response> receive(Exchange& exchange) const {
    const MonoTime began = services_.clock.mono();
    providers::Delivery delivery{exchange.request, exchange.path, exchange.query, {}, false, false, {}, {}, 0, 0};
    auto answer = co_await route_.take(delivery);
    exchange.call_id = std::move(delivery.call_id);
    exchange.repeated = delivery.repeated;
    exchange.unproven = delivery.unproven;
    kind_.retries += delivery.retries;
    kind_.given_up += delivery.given_up;
    if (!answer) {
      refused(exchange, answer.error());
      net::Response response = rendered(exchange, answer.error(), std::move(delivery.faults));
      note(outcome_of(response.status), exchange, began, delivery.sent_at);
      co_return response;
    }
    note(Outcome::accepted, exchange, began, delivery.sent_at);
    co_return std::move(*answer);
  }

 private:
  void note(Outcome outcome, const Exchange& exchange, MonoTime began, const std::optional<WallTime>& sent_at) const {
    services_.metrics.webhooks(route_.type, word_of(outcome)).add();
    const auto took = std::chrono::duration_cast<std::chrono::microseconds>(services_.clock.mono() - began);
    kind_.note(outcome, took, services_.clock.wall());
    if (exchange.repeated) ++kind_.duplicates;
    if (!sent_at) return;
    // Clocks differ, and some providers' times are cut to the second: less than nothing is nothing.
    const milliseconds lag = std::max(services_.clock.wall() - *sent_at, milliseconds{0});
    services_.metrics.webhook_lag(route_.type).observe(lag);
    kind_.lag.note(lag);
  }

  void refused(const Exchange& exchange, const Error& error) const {
    log::warn(
        "webhook not accepted",
        {{"requestId", exchange.request.id}, {"type", route_.type}, {"code", error.code}, {"reason", error.message}});
  }

  const Services& services_;
  const providers::WebhookRoute route_;
  observe::WebhookKind& kind_;
};

asio::awaitable<net::Upgrade> open_socket(const Services& services, const providers::SocketRoute& route,
                                          Exchange& exchange) {
  providers::Delivery delivery{exchange.request, exchange.path, exchange.query, {}, false, false, {}, {}, 0, 0};
  auto handler = co_await route.open(delivery);
  exchange.unproven = delivery.unproven;
  if (handler) co_return net::Upgrade{std::move(*handler), {}};
  if (delivery.unproven) services.metrics.webhooks("media", "forged").add();
  co_return net::Upgrade{nullptr, exchange.fail(handler.error())};
}

void add_webhook(Router& router, const Services& services, providers::Adapter& adapter, providers::WebhookRoute route,
                 Access access, auth::Permission permission) {
  std::string method = route.method;
  std::string pattern = route.pattern;
  const auto endpoint = std::make_shared<const WebhookEndpoint>(services, adapter.provider().name(), std::move(route));
  router.add({std::move(method),
              std::move(pattern),
              access,
              permission,
              [endpoint](Exchange& exchange) { return endpoint->receive(exchange); },
              {}});
}

// In production there is no such route.
void add_trial(Router& router, const Services& services, providers::Adapter& adapter) {
  if (!services.settings.in_development()) return;
  auto route = adapter.trial();
  if (!route) return;
  log::warn("in development: events are taken that no provider has sent", {{"route", route->pattern}});
  add_webhook(router, services, adapter, std::move(*route), Access::token, auth::Permission::calls_write);
}

}  // namespace

void add_provider_endpoints(Router& router, const Services& services) {
  for (providers::Adapter* adapter : services.adapters) {
    for (providers::WebhookRoute& route : adapter->webhooks()) {
      add_webhook(router, services, *adapter, std::move(route), Access::provider, {});
    }
    add_trial(router, services, *adapter);
    for (providers::SocketRoute& route : adapter->sockets()) {
      std::string pattern = route.pattern;
      const auto socket = std::make_shared<const providers::SocketRoute>(std::move(route));
      router.add({"GET", std::move(pattern), Access::provider, {}, {}, [&services, socket](Exchange& exchange) {
                    return open_socket(services, *socket, exchange);
                  }});
    }
  }
}

}  // namespace trunkline::api
