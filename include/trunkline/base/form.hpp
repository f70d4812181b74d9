#pragma once

#include <trunkline/base/result.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace trunkline {

/// Decoded name and value pairs in order of arrival; a name may repeat. Values are bytes, not checked for UTF-8,
/// because a signature covers them as they came.
using Params = std::vector<std::pair<std::string, std::string>>;

/// The first value of `name`, or an empty view. The view lives as long as `params`.
std::string_view first_of(const Params& params, std::string_view name);

/// Parses `application/x-www-form-urlencoded` (also a query string): split at `&`, first `=`, `+` is a blank, percent
/// decoding. Error `too_many_parameters` above `max_params`.
Result<Params> parse_form(std::string_view body, std::size_t max_params = 500);

/// The reverse of parse_form.
std::string encode_form(const Params& params);

}  // namespace trunkline
