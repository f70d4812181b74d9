#include "providers/acs/exchange.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <utility>

namespace trunkline::providers::acs {
namespace {

Outcome outcome_of(const Result<net::ClientResponse>& response, WallTime now) {
  Outcome out;
  if (response) {
    out.status = response->status;
    const auto header = [&](std::string_view name) { return net::find_header(response->headers, name); };
    out.retry_after = read_retry_after(header, now);
    return out;
  }
  const std::string& code = response.error().code;
  const bool sent = code == "timeout" || code == "bad_response";
  out.kind = sent ? Outcome::Kind::no_response : Outcome::Kind::not_sent;
  return out;
}

// The words of the network in those of a provider.
Error translated(const Error& error, std::string_view operation) {
  const std::string name = ": " + std::string(operation);
  if (error.code == "timeout") return make_error("timeout", error.message + name, error.detail);
  if (error.code == "bad_response") return make_error("provider_unavailable", error.message + name, error.detail);
  return make_error("unreachable", error.message + name, error.detail);
}

void tell(const Exchange& what, const Result<net::ClientResponse>& response, milliseconds took, int number) {
  if (!what.on_attempt) return;
  const std::string code = response ? "" : response.error().code;
  Attempt attempt;
  attempt.operation = what.operation;
  attempt.status = response ? response->status : 0;
  attempt.error = code;
  attempt.took = took;
  attempt.number = number;
  what.on_attempt(attempt);
}

}  // namespace

double chance(Ids& ids) {
  const std::string hex = ids.secret(4);
  std::uint32_t number = 0;
  std::from_chars(hex.data(), hex.data() + hex.size(), number, 16);
  return static_cast<double>(number) / 4'294'967'296.0;
}

asio::awaitable<Result<net::ClientResponse>> exchange(const Exchange& what, const Prepare& prepare) {
  RetryMachine retry(what.profile, what.repeat, what.clock.mono());
  std::optional<Result<net::ClientResponse>> last;
  const std::string name(what.operation);
  for (int number = 1;; ++number) {
    const MonoTime begun = what.clock.mono();
    if (!what.breaker.admits(begun)) {
      if (last) break;
      tell(what, make_error("resting", ""), milliseconds{0}, number);
      co_return make_error("provider_unavailable",
                           "Azure failed several times in a row and is left alone for a while: " + name);
    }
    auto request = co_await prepare();
    if (!request) co_return request.error();
    const milliseconds left = retry.time_left(what.clock.mono());
    if (left == milliseconds{0}) co_return make_error("timeout", "no time was left for Azure: " + name);
    request->timeout = std::min(what.profile.attempt, left);
    last = co_await net::fetch(std::move(*request));
    const MonoTime now = what.clock.mono();
    if (*last && (*last)->status < 500) {
      what.breaker.succeeded();
    } else {
      what.breaker.failed(now);
    }
    tell(what, *last, std::chrono::duration_cast<milliseconds>(now - begun), number);
    if (*last && (*last)->status < 400) break;
    const auto wait = retry.step(outcome_of(*last, what.clock.wall()), now, chance(what.ids));
    if (!wait) break;
    co_await what.wait(*wait);
  }
  if (!*last) co_return translated(last->error(), what.operation);
  co_return std::move(**last);
}

}  // namespace trunkline::providers::acs
