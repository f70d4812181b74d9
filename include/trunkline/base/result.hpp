#pragma once

#include <boost/system/result.hpp>

#include <string>
#include <utility>

namespace trunkline {

/// A failure that a caller can act on.
///
/// `code` is stable and lower_snake_case (clients may switch on it), `message` is for people and safe to show to a
/// client, `detail` is for the log only (library texts, paths) and never leaves the process.
struct Error {
  Error() = default;
  /// Not an aggregate on purpose: nothing but an Error turns into one, so that Result<std::string> is unambiguous.
  Error(std::string code_, std::string message_, std::string detail_ = {})
      : code(std::move(code_)), message(std::move(message_)), detail(std::move(detail_)) {}

  std::string code;
  std::string message;
  std::string detail;

  friend bool operator==(const Error&, const Error&) = default;
};

/// A value or an Error. `optional` means "may be absent"; `Result` means "may fail".
template <class T = void>
using Result = boost::system::result<T, Error>;

inline Error make_error(std::string code, std::string message, std::string detail = {}) {
  return Error{std::move(code), std::move(message), std::move(detail)};
}

/// Called by Result::value() on an error: using a value that is not there is a bug, not a condition.
[[noreturn]] void throw_exception_from_error(const Error& error, const boost::source_location& where);

}  // namespace trunkline
