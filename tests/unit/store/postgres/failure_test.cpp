#include "store/postgres/failure.hpp"

#include <catch2/catch.hpp>

namespace trunkline::store::postgres {
namespace {

using Kind = SqlFailure::Kind;

Kind kind_of(const char* sqlstate) {
  return failure_of(sqlstate, "what").kind();
}
Remedy remedy_of(const char* sqlstate) {
  return failure_of(sqlstate, "what").remedy();
}

TEST_CASE("every state of the server has its kind") {
  CHECK(kind_of("55P03") == Kind::busy);
  CHECK(kind_of("57014") == Kind::timeout);
  CHECK(kind_of("25006") == Kind::read_only);
  CHECK(kind_of("53100") == Kind::full);
  CHECK(kind_of("53200") == Kind::unavailable);
  CHECK(kind_of("58030") == Kind::unavailable);
  CHECK(kind_of("22001") == Kind::value);
  CHECK(kind_of("22021") == Kind::value);
  CHECK(kind_of("23505") == Kind::constraint);
  CHECK(kind_of("XX001") == Kind::damaged);
  CHECK(kind_of("XX000") == Kind::other);
  CHECK(kind_of("42P01") == Kind::other);
  CHECK(kind_of("08P01") == Kind::other);
}

TEST_CASE("what others caused is run again, on the same connection") {
  CHECK(remedy_of("40001") == Remedy::run_again);
  CHECK(remedy_of("40P01") == Remedy::run_again);
  CHECK(kind_of("40P01") == Kind::busy);
  CHECK(remedy_of("23505") == Remedy::run_again);
  CHECK(kind_of("23505") == Kind::constraint);
}

TEST_CASE("a connection that is of no use is replaced") {
  for (const char* state : {"08006", "57P01", "57P02", "57P03", "25P03", "26000", "25006"}) {
    INFO(state);
    CHECK(remedy_of(state) == Remedy::reconnect);
  }
}

TEST_CASE("what is wrong with the statement is not tried again") {
  for (const char* state : {"23503", "22001", "42601", "57014", "55P03", "53100", "08P01"}) {
    INFO(state);
    CHECK(remedy_of(state) == Remedy::none);
  }
}

TEST_CASE("a failure's text names its state, and is one line") {
  CHECK(std::string(failure_of("23505", "twice").what()) == "23505: twice");
  CHECK(std::string(failure_of("", "no state").what()) == "no state");
  CHECK(one_line("server closed\n\tthe connection\n") == "server closed the connection");
}

}  // namespace
}  // namespace trunkline::store::postgres
