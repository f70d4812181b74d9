#pragma once

#include <trunkline/events/webhooks.hpp>
#include <trunkline/net/problem.hpp>

#include <string_view>
#include <vector>

namespace trunkline::api {

/// A request body about a webhook endpoint, and what is wrong with it, all at once.
template <class T>
struct WebhookBody {
  T value;
  std::vector<net::FieldError> errors;
};

/// Of POST and PATCH: url, description, types, state. `url` is `needed` in the first.
WebhookBody<events::webhooks::EndpointChange> read_endpoint_change(std::string_view body, bool needed,
                                                                   const net::AddressPolicy& policy);

/// Of .../redeliver: nothing at all (the dead ones), `{"afterSeq":n}` or `{"since":"time"}`.
WebhookBody<events::webhooks::Again> read_again(std::string_view body);

}  // namespace trunkline::api
