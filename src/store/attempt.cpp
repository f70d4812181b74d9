#include "store/attempt.hpp"

namespace trunkline::store {

Error to_error(const SqlFailure& failure) {
  const auto error = [&failure](const char* code, const char* message) {
    return make_error(code, message, failure.what());
  };
  using Kind = SqlFailure::Kind;
  switch (failure.kind()) {
    case Kind::unavailable:
      return error("store_unavailable", "the database cannot be reached; try again later");
    case Kind::timeout:
      return error("store_unavailable", "the database took too long; try again later");
    case Kind::full:
      return error("store_unavailable", "the disk that holds the database is full");
    case Kind::read_only:
      return error("store_unavailable", "the database is read-only");
    case Kind::busy:
      return error("store_unavailable", "another program keeps the database locked; try again later");
    case Kind::constraint:
      return error("store_failed", "the change breaks a rule of the database");
    case Kind::value:
      return error("store_failed", "a value is not one that the database can hold");
    case Kind::damaged:
      return error("store_failed", "the database is damaged or is not a database");
    case Kind::other:
      break;
  }
  return error("store_failed", "the database could not do this");
}

Error to_error(const std::exception& exception) {
  return make_error("store_failed", "work on the database failed", exception.what());
}

}  // namespace trunkline::store
