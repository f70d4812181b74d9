#pragma once

#include "config/options.hpp"

#include <trunkline/base/result.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace trunkline::config {

/// Text into a value, under a rule. The error's message continues the sentence that begins with the value, and never
/// repeats it: it may be a secret.
Result<> read_value(std::string_view text, const Rule& rule, std::string& value);
Result<> read_value(std::string_view text, const Rule& rule, std::vector<std::string>& value);  ///< comma between items
Result<> read_value(std::string_view text, const Rule& rule, bool& value);

Result<> assign(const Option& option, Settings& settings, std::string_view text);
/// The value as it would be written; secrets too.
std::string show(const Option& option, Settings settings);

}  // namespace trunkline::config
