#include "providers/acs/attempt_figures.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace trunkline;
using namespace trunkline::providers::acs;
using namespace std::chrono_literals;

namespace {

Attempt attempt(int status, std::string_view error = {}) {
  return {"answer", status, error, 20ms, 1};
}

}  // namespace

TEST_CASE("what came of an attempt is one of a few words") {
  CHECK(word_of(attempt(200)) == "ok");
  CHECK(word_of(attempt(204)) == "ok");
  CHECK(word_of(attempt(404)) == "not_found");
  CHECK(word_of(attempt(401)) == "denied");
  CHECK(word_of(attempt(403)) == "denied");
  CHECK(word_of(attempt(429)) == "throttled");
  CHECK(word_of(attempt(400)) == "refused");
  CHECK(word_of(attempt(412)) == "refused");
  CHECK(word_of(attempt(503)) == "failed");
  CHECK(word_of(attempt(0, "timeout")) == "timeout");
  CHECK(word_of(attempt(0, "unreachable")) == "unreachable");
  CHECK(word_of(attempt(0, "bad_response")) == "unreachable");
  CHECK(word_of(attempt(0, "resting")) == "not_sent");
}

TEST_CASE("attempts are counted by operation and outcome, repetitions and times besides") {
  observe::Metrics metrics("test");
  count(metrics, attempt(503), false);
  Attempt second = attempt(200);
  second.number = 2;
  count(metrics, second, false);
  count(metrics, attempt(0, "resting"), true);
  const std::string page = metrics.render();
  const auto has = [&](const std::string& line) { return page.find(line + "\n") != std::string::npos; };
  CHECK(has(R"(trunkline_acs_requests_total{operation="answer",outcome="failed"} 1)"));
  CHECK(has(R"(trunkline_acs_requests_total{operation="answer",outcome="ok"} 1)"));
  CHECK(has(R"(trunkline_acs_requests_total{operation="answer",outcome="not_sent"} 1)"));
  CHECK(has(R"(trunkline_acs_retries_total{operation="answer"} 1)"));
  CHECK(has(R"(trunkline_acs_request_duration_seconds_count{operation="answer"} 2)"));
  CHECK(has("trunkline_acs_circuit_open 1"));
  count(metrics, attempt(200), false);
  CHECK(metrics.render().find("trunkline_acs_circuit_open 0\n") != std::string::npos);
}
