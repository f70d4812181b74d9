#include <trunkline/providers/acs/circuit_breaker.hpp>

#include <catch2/catch.hpp>

using namespace trunkline;
using trunkline::providers::acs::CircuitBreaker;
using namespace std::chrono_literals;

namespace {

const MonoTime begin{1h};

void fail(CircuitBreaker& breaker, int times, MonoTime now = begin) {
  for (int i = 0; i < times; ++i) breaker.failed(now);
}

}  // namespace

TEST_CASE("a service that fails ten times in a row is left alone for five seconds") {
  CircuitBreaker breaker;
  fail(breaker, 9);
  CHECK(breaker.admits(begin));
  CHECK_FALSE(breaker.open());
  fail(breaker, 1);
  CHECK(breaker.open());
  CHECK_FALSE(breaker.admits(begin));
  CHECK_FALSE(breaker.admits(begin + 4'999ms));
  CHECK(breaker.admits(begin + 5s));
}

TEST_CASE("an answer in between begins the count anew") {
  CircuitBreaker breaker;
  for (int i = 0; i < 5; ++i) {
    fail(breaker, 9);
    breaker.succeeded();
  }
  CHECK_FALSE(breaker.open());
}

TEST_CASE("one request tries how the service stands, and a good answer opens the way") {
  CircuitBreaker breaker;
  fail(breaker, 10);
  CHECK(breaker.admits(begin + 5s));
  CHECK_FALSE(breaker.admits(begin + 5s));
  breaker.succeeded();
  CHECK(breaker.admits(begin + 5s));
  CHECK_FALSE(breaker.open());
  fail(breaker, 9);
  CHECK(breaker.admits(begin + 5s));
}

TEST_CASE("each failed try doubles the pause, up to a minute") {
  CircuitBreaker breaker;
  fail(breaker, 10);
  MonoTime now = begin;
  for (const auto pause : {5s, 10s, 20s, 40s, 60s, 60s}) {
    CHECK_FALSE(breaker.admits(now + pause - 1ms));
    now += pause;
    CHECK(breaker.admits(now));
    breaker.failed(now);
  }
}

TEST_CASE("failures of what was under way when it opened do not make the pause longer") {
  CircuitBreaker breaker;
  fail(breaker, 50);
  CHECK_FALSE(breaker.admits(begin + 4'999ms));
  CHECK(breaker.admits(begin + 5s));
}

TEST_CASE("a try of which nothing is heard delays the next by a pause, and not for ever") {
  CircuitBreaker breaker;
  fail(breaker, 10);
  CHECK(breaker.admits(begin + 5s));
  CHECK_FALSE(breaker.admits(begin + 9s));
  CHECK(breaker.admits(begin + 10s));
}
