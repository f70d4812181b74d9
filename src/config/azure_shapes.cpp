#include "config/azure_shapes.hpp"

#include <trunkline/base/base64.hpp>
#include <trunkline/base/phone.hpp>
#include <trunkline/base/text.hpp>
#include <trunkline/config/url.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

namespace trunkline::config::azure {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/// Whether each character fits the one in `pattern`: `x` is a hexadecimal digit, `0` a decimal one, others themselves.
bool fits(std::string_view text, std::string_view pattern) {
  return std::ranges::equal(text, pattern, [](char c, char wanted) {
    return wanted == 'x' ? is_hex(c) : wanted == '0' ? is_digit(c) : c == wanted;
  });
}

bool is_key(std::string_view text) {
  std::vector<std::uint8_t> bytes(base64::max_decoded(text.size()));
  return base64::decode(text, bytes).value_or(0) > 0;
}

bool is_token_character(char c) {
  return is_digit(c) || is_letter(c) || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

}  // namespace

bool is_connection_string(std::string_view text) {
  constexpr std::size_t max_length = 4'096;
  if (text.size() > max_length) return false;
  std::size_t endpoints = 0;
  std::size_t keys = 0;
  for (const std::string_view part : text::split(text, ';')) {
    const auto equals = std::min(part.find('='), part.size());
    const std::string name = text::lower(text::trim(part.substr(0, equals)));
    const std::string_view value = text::trim(part.substr(std::min(equals + 1, part.size())));
    if (name == "endpoint") endpoints += parse_service_origin(value) ? 1 : 2;
    if (name == "accesskey") keys += is_key(value) ? 1 : 2;
  }
  return endpoints == 1 && keys == 1;
}

bool is_guid(std::string_view text) {
  return fits(text, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx");
}

bool is_resource_id(std::string_view text) {
  return text.find_first_of("/ ") == std::string_view::npos;
}

bool is_api_version(std::string_view text) {
  constexpr std::string_view date = "0000-00-00";
  if (!fits(text.substr(0, date.size()), date)) return false;
  text.remove_prefix(date.size());
  return text.empty() ||
         (text.starts_with('-') && text.size() > 1 && std::ranges::all_of(text.substr(1), is_token_character));
}

bool is_secret_header(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, is_token_character) && !text::iequals(text, "Authorization");
}

bool is_identifier(std::string_view text) {
  static constexpr std::array<std::string_view, 3> prefixes = {"4:", "8:", "28:"};
  const bool is_raw = std::ranges::any_of(
      prefixes, [&](std::string_view prefix) { return text.starts_with(prefix) && text.size() > prefix.size(); });
  return phone::is_e164(text) || (is_raw && text.find(' ') == std::string_view::npos);
}

bool is_authority(std::string_view text) {
  const auto colon = std::min(text.find(':'), text.size());
  const std::string_view host = text.substr(0, colon);
  const bool is_name = !host.empty() && host.size() <= 253 && std::ranges::all_of(host, [](char c) {
    return is_digit(c) || is_letter(c) || c == '-' || c == '.';
  });
  if (!is_name || colon == text.size()) return is_name;
  const auto port = text::to_uint(text.substr(colon + 1));
  return port && *port > 0 && *port <= 65'535;
}

}  // namespace trunkline::config::azure
