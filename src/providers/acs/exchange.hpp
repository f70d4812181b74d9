#pragma once

#include <trunkline/base/clock.hpp>
#include <trunkline/base/ids.hpp>
#include <trunkline/net/client.hpp>
#include <trunkline/providers/acs/call_automation.hpp>
#include <trunkline/providers/acs/circuit_breaker.hpp>
#include <trunkline/providers/acs/credential.hpp>
#include <trunkline/providers/acs/retry.hpp>

#include <functional>
#include <string_view>

namespace trunkline::providers::acs {

/// One request, sent until it is answered for good: what its attempts have in common.
struct Exchange {
  std::string_view operation;
  Repeat repeat = Repeat::safe;
  RetryProfile profile;
  const Clock& clock;
  Ids& ids;
  const Wait& wait;
  CircuitBreaker& breaker;
  const std::function<void(const Attempt&)>& on_attempt;
};

/// Makes the request of one attempt, freshly signed.
using Prepare = std::function<asio::awaitable<Result<net::ClientRequest>>()>;

/// 0 up to 1.
double chance(Ids& ids);

/// The last answer, whatever its status. Errors: those of `prepare`, and `provider_unavailable` (the breaker is open),
/// `unreachable`, `timeout`, `provider_failed` (half an answer). Everything that it is given stays until then.
asio::awaitable<Result<net::ClientResponse>> exchange(const Exchange& what, const Prepare& prepare);

}  // namespace trunkline::providers::acs
