#include "store/attempt.hpp"

#include <catch2/catch.hpp>

namespace trunkline::store {
namespace {

using Kind = SqlFailure::Kind;

std::string code_of(Kind kind) {
  return to_error(SqlFailure(kind, "what")).code;
}

TEST_CASE("what an operator must mend or wait for is store_unavailable") {
  CHECK(code_of(Kind::unavailable) == "store_unavailable");
  CHECK(code_of(Kind::full) == "store_unavailable");
  CHECK(code_of(Kind::read_only) == "store_unavailable");
  CHECK(code_of(Kind::busy) == "store_unavailable");
  CHECK(code_of(Kind::timeout) == "store_unavailable");
}

TEST_CASE("every other failure is store_failed") {
  CHECK(code_of(Kind::constraint) == "store_failed");
  CHECK(code_of(Kind::value) == "store_failed");
  CHECK(code_of(Kind::damaged) == "store_failed");
  CHECK(code_of(Kind::other) == "store_failed");
}

TEST_CASE("the library's text is in the detail and not in the message") {
  const auto error = to_error(SqlFailure(Kind::full, "/secret/place: disk I/O"));
  CHECK(error.detail == "/secret/place: disk I/O");
  CHECK(error.message == "the disk that holds the database is full");
}

TEST_CASE("whatever is thrown becomes an error") {
  const auto failed = attempt([]() -> Result<int> { throw SqlFailure(Kind::read_only, "no"); });
  CHECK(failed.error().code == "store_unavailable");
  const auto foreign = attempt([]() -> Result<int> { throw std::out_of_range("index 7"); });
  CHECK(foreign.error() == make_error("store_failed", "work on the database failed", "index 7"));
  const auto strange = attempt([]() -> Result<int> { throw 7; });
  CHECK(strange.error().code == "store_failed");
}

TEST_CASE("a result passes through an attempt as it is") {
  CHECK(attempt([]() -> Result<int> { return 7; }).value() == 7);
  CHECK(attempt([]() -> Result<int> { return make_error("call_over", "over"); }).error().code == "call_over");
}

}  // namespace
}  // namespace trunkline::store
