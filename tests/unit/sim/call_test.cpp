#include <trunkline/sim/call.hpp>

#include <catch2/catch.hpp>

namespace trunkline::sim {
namespace {

TEST_CASE("every fault has a name and is found by it") {
  for (const char* name :
       {"none", "duplicate", "reorder", "drop", "half-close", "slow-reader", "no-stop", "expired-token", "throttled"}) {
    const auto fault = parse_fault(name);
    REQUIRE(fault.has_value());
    CHECK(to_string(*fault) == name);
  }
  CHECK_FALSE(parse_fault("unheard-of").has_value());
}

}  // namespace
}  // namespace trunkline::sim
