#include "store/postgres/statement_cache.hpp"

#include <catch2/catch.hpp>

namespace trunkline::store::postgres {
namespace {

using Names = std::vector<std::string>;

TEST_CASE("the cache knows what was used last, and says what to forget") {
  StatementCache cache(2);
  CHECK(cache.find("one") == nullptr);
  cache.add("one", cache.next_name());
  cache.add("two", cache.next_name());
  REQUIRE(cache.find("one") != nullptr);
  CHECK(*cache.find("one") == "s1");
  CHECK(cache.take_forgotten().empty());

  cache.add("three", cache.next_name());  // puts out two, which was used longest ago
  CHECK(cache.find("two") == nullptr);
  CHECK(*cache.find("one") == "s1");
  CHECK(*cache.find("three") == "s3");
  CHECK(cache.take_forgotten() == Names{"s2"});
  CHECK(cache.take_forgotten().empty());
}

}  // namespace
}  // namespace trunkline::store::postgres
