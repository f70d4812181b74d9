#include <trunkline/store/sql.hpp>

#include <catch2/catch.hpp>

namespace trunkline::store {
namespace {

const Row row({std::monostate{}, std::int64_t{42}, 0.5, std::string("text")});

TEST_CASE("a row gives each column as its type") {
  CHECK(row.integer(1) == 42);
  CHECK(row.real(2) == 0.5);
  CHECK(row.text(3) == "text");
}

TEST_CASE("a row gives NULL only where it may be") {
  CHECK_FALSE(row.integer_or_null(0));
  CHECK_FALSE(row.real_or_null(0));
  CHECK_FALSE(row.text_or_null(0));
  CHECK(row.integer_or_null(1) == 42);
  CHECK(row.real_or_null(2) == 0.5);
  CHECK(row.text_or_null(3) == "text");
  CHECK_THROWS_WITH(row.integer(0), "column 0 is null, not an integer");
}

TEST_CASE("a column read as the wrong type says so") {
  CHECK_THROWS_AS(row.integer(3), SqlFailure);
  CHECK_THROWS_WITH(row.integer(3), "column 3 is text, not an integer");
  CHECK_THROWS_WITH(row.real_or_null(1), "column 1 is an integer, not real");
  CHECK_THROWS_WITH(row.text(2), "column 2 is real, not text");
}

TEST_CASE("a column that is not there says so") {
  CHECK_THROWS_WITH(row.text(4), "column 4 of a row of 4");
}

TEST_CASE("a store that is away is told apart from one that refuses") {
  for (const char* code : {"store_unavailable", "store_in_doubt", "overloaded"}) {
    CHECK(store_is_away(make_error(code, "")));
  }
  CHECK_FALSE(store_is_away(make_error("store_failed", "")));
  CHECK_FALSE(store_is_away(make_error("call_over", "")));
}

}  // namespace
}  // namespace trunkline::store
