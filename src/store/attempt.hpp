#pragma once

#include <trunkline/store/sql.hpp>

#include <exception>
#include <utility>

namespace trunkline::store {

/// What the caller of a Database is told. The library's text goes into the detail.
Error to_error(const SqlFailure& failure);

/// For any other exception that left the work.
Error to_error(const std::exception& exception);

/// Runs `step` (returning a Result) and makes an Error of whatever it throws: nothing crosses the port as an exception.
template <class Step>
auto attempt(Step&& step) -> std::invoke_result_t<Step> {
  try {
    return std::forward<Step>(step)();
  } catch (const SqlFailure& failure) {
    return to_error(failure);
  } catch (const std::exception& exception) {
    return to_error(exception);
  } catch (...) {
    return make_error("store_failed", "work on the database failed");
  }
}

}  // namespace trunkline::store
