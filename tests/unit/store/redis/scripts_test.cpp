#include "store/redis/scripts.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace trunkline::store::redis {
namespace {

TEST_CASE("fencing numbers as texts compare as the numbers do") {
  using Limits = std::numeric_limits<std::int64_t>;
  std::vector<std::string> texts;
  for (const std::int64_t fence : {Limits::min(), std::int64_t{-10}, std::int64_t{-9}, std::int64_t{0}, std::int64_t{9},
                                   std::int64_t{10}, Limits::max() - 1, Limits::max()}) {
    texts.push_back(fence_text(fence));
    CHECK(texts.back().size() == 20);
  }
  CHECK(std::is_sorted(texts.begin(), texts.end()));
  CHECK(std::adjacent_find(texts.begin(), texts.end()) == texts.end());
}

TEST_CASE("a script is known by the SHA-1 of its text") {
  CHECK(Script("return 1").digest() == "e0e1f9fabfc9d4800c877a703b823ac0578ff8db");
}

}  // namespace
}  // namespace trunkline::store::redis
