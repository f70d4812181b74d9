#include "config/nearest.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <string>

using trunkline::config::nearest;

TEST_CASE("the nearest word is found by edits, whatever the case") {
  const std::array<std::string_view, 3> words{"PORT", "HOST", "WORKERS"};
  CHECK(nearest("PROT", words) == "PORT");
  CHECK(nearest("worker", words) == "WORKERS");
  CHECK(nearest("HOTS", words) == "HOST");
  CHECK(nearest("MAX_STREAMS", words).empty());
  CHECK(nearest(std::string(100, 'x'), words).empty());
}
