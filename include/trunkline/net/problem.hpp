#pragma once

#include <trunkline/base/result.hpp>
#include <trunkline/net/http.hpp>

#include <string>
#include <vector>

namespace trunkline::net {

/// One thing wrong with a request: which field, and why.
struct FieldError {
  std::string field;
  std::string message;
};

/// RFC 9457 `application/problem+json`: type, title, status, detail, code, requestId and, where fields are at fault,
/// errors[]. `code` is stable.
Response problem(int status, const Error& error, std::string_view request_id, std::vector<FieldError> errors = {});

}  // namespace trunkline::net
