#pragma once

#include <charconv>
#include <concepts>
#include <string>
#include <string_view>

namespace trunkline::providers::twilio {

/// Appends `raw` as a JSON string with its quotes; invalid UTF-8 becomes U+FFFD.
void append_json_string(std::string& out, std::string_view raw);

template <std::integral Number>
void append_number(std::string& out, Number number) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  out.append(digits, static_cast<std::size_t>(end - digits));
}

}  // namespace trunkline::providers::twilio
