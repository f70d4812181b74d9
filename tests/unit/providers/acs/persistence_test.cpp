#include "providers/acs/persistence.hpp"

#include <trunkline/base/result.hpp>

#include <catch2/catch.hpp>

using namespace trunkline;
using namespace trunkline::providers::acs;
using namespace std::chrono_literals;

namespace {

const MonoTime begin{1h};
const Error away = make_error("store_unavailable", "the database cannot be reached");

}  // namespace

TEST_CASE("what fails for now is tried again, later each time, until the time is over") {
  Persistence persistence(begin + 3s);
  Backoff backoff({250ms, 2s});
  MonoTime now = begin;
  for (const milliseconds expected : {250ms, 500ms, 1'000ms}) {
    const auto wait = persistence.wait_after(away, backoff, now, 1);
    REQUIRE(wait.has_value());
    CHECK(*wait == expected);
    now += *wait;
  }
  CHECK_FALSE(persistence.wait_after(away, backoff, now, 1).has_value());  // it would begin too late
  CHECK(persistence.retries() == 3);
  CHECK(persistence.given_up() == 1);
}

TEST_CASE("what will not change is not tried again, and not counted") {
  Persistence persistence(begin + 10s);
  Backoff backoff({250ms, 2s});
  for (const char* code : {"invalid_event", "provider_failed", "call_not_found_there", "provider_not_configured"}) {
    CAPTURE(code);
    CHECK_FALSE(persistence.wait_after(make_error(code, ""), backoff, begin, 1).has_value());
  }
  CHECK(persistence.retries() == 0);
  CHECK(persistence.given_up() == 0);
}

TEST_CASE("the store and Azure may be back") {
  for (const char* code : {"store_unavailable", "store_failed", "store_in_doubt", "overloaded", "rate_limited",
                           "provider_unavailable", "unreachable", "timeout"}) {
    CAPTURE(code);
    CHECK(may_pass(make_error(code, "")));
  }
}

TEST_CASE("without any time the sender alone tries again") {
  Persistence persistence(begin);
  Backoff backoff({250ms, 2s});
  CHECK_FALSE(persistence.wait_after(away, backoff, begin, 0).has_value());
  CHECK(persistence.given_up() == 1);
}
