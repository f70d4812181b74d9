#include "providers/acs/attempt_figures.hpp"

namespace trunkline::providers::acs {
namespace {

constexpr std::string_view not_sent = "not_sent";

std::string_view word_of_failure(std::string_view error) {
  if (error == "resting") return not_sent;
  return error == "timeout" ? "timeout" : "unreachable";
}

}  // namespace

std::string_view word_of(const Attempt& attempt) {
  if (attempt.status == 0) return word_of_failure(attempt.error);
  if (attempt.status < 400) return "ok";
  if (attempt.status >= 500) return "failed";
  switch (attempt.status) {
    case 401:
    case 403:
      return "denied";
    case 404:
      return "not_found";
    case 429:
      return "throttled";
    default:
      return "refused";
  }
}

void count(observe::Metrics& metrics, const Attempt& attempt, bool resting) {
  const std::string_view outcome = word_of(attempt);
  metrics.acs_requests(attempt.operation, outcome).add();
  metrics.acs_circuit_open().set(resting ? 1 : 0);
  if (outcome == not_sent) return;
  metrics.acs_request_duration(attempt.operation).observe(attempt.took);
  if (attempt.number > 1) metrics.acs_retries(attempt.operation).add();
}

}  // namespace trunkline::providers::acs
