#pragma once

#include <trunkline/base/result.hpp>

#include <string>
#include <string_view>

namespace trunkline::config {

/// An absolute URL (RFC 3986) with one of `schemes` (separated by blanks): host, optional port, optional path; no user,
/// query or fragment. Given back with a lower-case scheme and without trailing slashes. The error's message continues
/// the sentence that begins with the URL.
Result<std::string> parse_base_url(std::string_view text, std::string_view schemes);

/// The same for a service that is told secrets or believed: https, or http to this machine.
Result<std::string> parse_service_url(std::string_view text);
/// The same without a path: one is signed along with each request's own.
Result<std::string> parse_service_origin(std::string_view text);

}  // namespace trunkline::config
