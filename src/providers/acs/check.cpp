#include "providers/acs/exchange.hpp"
#include "providers/acs/request_body.hpp"

#include <utility>

namespace trunkline::providers::acs {
namespace {

// As short as a question may take that somebody watches, and never repeated: the next check comes.
constexpr RetryProfile once{0, milliseconds{0}, milliseconds{0}, milliseconds{5'000}, milliseconds{5'000}};

// Has the form of a callConnectionId, and names none.
constexpr std::string_view no_call = "00000000-0000-0000-0000-000000000000";

std::string in_brackets(int status, const ServiceError& said) {
  return " (HTTP " + std::to_string(status) + (said.code.empty() ? "" : ", " + said.code) + ")";
}

// Whoever knows what is wrong with the question has seen who asks: only the service has errors of that form.
Result<Done> judged(int status, const ServiceError& said) {
  if (status / 100 == 2) return Done{};
  const std::string what = in_brackets(status, said);
  if (status == 401 || status == 403) {
    return make_error("credentials_refused",
                      "Azure does not take our credentials" + what +
                          ": check the access key, or the role of the managed identity, and "
                          "this machine's clock",
                      said.message);
  }
  if (status == 429) return make_error("rate_limited", "Azure asks for fewer requests" + what, said.message);
  if (status == 408 || status >= 500)
    return make_error("provider_unavailable", "Azure is not well" + what, said.message);
  if (status / 100 == 4 && !said.code.empty()) return Done{};
  return make_error("provider_failed",
                    "what answers at the endpoint is not Azure Communication Services" + what + ": check the endpoint");
}

}  // namespace

CallAutomation::Answered<Done> CallAutomation::check() {
  if (!configured()) co_return make_error("provider_not_configured", "there is no Azure resource to ask");
  std::string target =
      "/calling/callConnections/" + std::string(no_call) + "?api-version=" + parts_.settings.api_version;
  const HttpCall call = requests::make_call("check", "GET", std::move(target), Repeat::safe, 404);
  CircuitBreaker of_its_own;  // the others' is for commands, and they need not wait until a check was lucky
  const Exchange what{call.operation, call.repeat, once,       parts_.clock,
                      parts_.ids,     parts_.wait, of_its_own, parts_.on_attempt};
  const net::Headers none;
  const Prepare prepare = [&] { return prepared(call, none); };
  const auto response = co_await exchange(what, prepare);
  if (!response) co_return response.error();
  co_return judged(response->status, read_error(response->body));
}

}  // namespace trunkline::providers::acs
