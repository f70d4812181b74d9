#include <trunkline/base/result.hpp>

#include <catch2/catch.hpp>

using namespace trunkline;

TEST_CASE("using a value that is not there is a bug that names the error") {
  const Result<int> failed = make_error("not_found", "no such call", "row 7");
  CHECK_THROWS_WITH(failed.value(), Catch::Contains("not_found") && Catch::Contains("no such call"));
  CHECK(failed.error() == Error{"not_found", "no such call", "row 7"});
}
