#include "api/conditions.hpp"

#include <catch2/catch.hpp>

using trunkline::api::wants_fresh;

TEST_CASE("a request says in Cache-Control that it wants what is so now") {
  for (const char* told :
       {"no-cache", "No-Cache", "max-age=0", "no-store", "max-stale=5, no-cache ", "no-cache,max-age=0"}) {
    INFO(told);
    CHECK(wants_fresh(told));
  }
  for (const char* told : {"", "max-age=5", "max-age=00x", "only-if-cached", "x-no-cache"}) {
    INFO(told);
    CHECK_FALSE(wants_fresh(told));
  }
}
