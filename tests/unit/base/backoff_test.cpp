#include <trunkline/base/backoff.hpp>

#include <catch2/catch.hpp>

#include <vector>

using namespace trunkline;
using namespace std::chrono_literals;

namespace {

std::vector<milliseconds> waits(Backoff& backoff, int count, double chance) {
  std::vector<milliseconds> all;
  for (int i = 0; i < count; ++i) all.push_back(backoff.next(chance));
  return all;
}

}  // namespace

TEST_CASE("each wait is twice the one before, up to the longest") {
  Backoff backoff({250ms, 1'500ms});
  CHECK(waits(backoff, 5, 1) == std::vector<milliseconds>{250ms, 500ms, 1'000ms, 1'500ms, 1'500ms});
  backoff.reset();
  CHECK(backoff.next() == 250ms);
}

TEST_CASE("chance takes up to half of a wait, and the schedule goes on as it would") {
  Backoff backoff({100ms, 10s});
  CHECK(waits(backoff, 3, 0) == std::vector<milliseconds>{50ms, 100ms, 200ms});
  CHECK(backoff.next(0.5) == 600ms);
  CHECK(backoff.next(7) == 1'600ms);
}

TEST_CASE("a first wait that is longer than the longest is cut") {
  Backoff backoff({5s, 1s});
  CHECK(waits(backoff, 2, 1) == std::vector<milliseconds>{1s, 1s});
}

TEST_CASE("a backoff that goes on for ever stays at the longest") {
  Backoff backoff({1ms, 60s});
  for (int i = 0; i < 1'000; ++i) backoff.next();
  CHECK(backoff.next() == 60s);
}
