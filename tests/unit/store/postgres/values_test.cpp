#include "store/postgres/values.hpp"

#include <catch2/catch.hpp>

namespace trunkline::store::postgres {
namespace {

TEST_CASE("parameters are text, numbers with their types") {
  const std::vector<Value> values{std::monostate{}, std::int64_t{-42}, 0.1, std::string("it's")};
  const Params params(values);
  REQUIRE(params.count() == 4);
  const auto texts = params.texts();
  CHECK(texts[0] == nullptr);
  CHECK(std::string(texts[1]) == "-42");
  CHECK(std::string(texts[2]) == "0.1");
  CHECK(std::string(texts[3]) == "it's");
  CHECK(std::vector<Oid>(params.types(), params.types() + 4) == std::vector<Oid>{0, 20, 701, 0});
  CHECK(params.signature() == "tirt");
}

TEST_CASE("a text with a NUL byte is refused, not cut") {
  const std::vector<Value> values{std::string("a\0b", 3)};
  CHECK_THROWS_WITH(Params(values), Catch::Contains("NUL byte"));
}

TEST_CASE("the highest parameter is found, whatever the order") {
  CHECK(highest_parameter("SELECT 1") == 0);
  CHECK(highest_parameter("UPDATE a SET x = $2 WHERE y = $1 AND z = $2") == 2);
  CHECK(highest_parameter("VALUES ($9, $10)") == 10);
  CHECK(highest_parameter("SELECT '$5', 'it''s $7', $1") == 1);
}

}  // namespace
}  // namespace trunkline::store::postgres
