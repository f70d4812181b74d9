#include "store/backoff.hpp"

#include <catch2/catch.hpp>

namespace trunkline::store {
namespace {

TEST_CASE("pauses grow up to the longest, and may be anything below") {
  Backoff backoff(milliseconds(50), milliseconds(300));
  CHECK(backoff.next(0.5) == milliseconds(25));
  CHECK(backoff.next(0.5) == milliseconds(50));
  CHECK(backoff.next(0) == milliseconds(0));
  CHECK(backoff.next(0.5) == milliseconds(150));
  CHECK(backoff.next(0.99) == milliseconds(297));
  backoff.reset();
  CHECK(backoff.next(0.5) == milliseconds(25));
}

}  // namespace
}  // namespace trunkline::store
