#include <trunkline/base/result.hpp>

#include <stdexcept>

namespace trunkline {

void throw_exception_from_error(const Error& error, const boost::source_location& where) {
  throw std::logic_error("value of a failed Result used at " + where.to_string() + ": " + error.code + ": " +
                         error.message);
}

}  // namespace trunkline
