#include <trunkline/base/base64.hpp>
#include <trunkline/base/text.hpp>
#include <trunkline/providers/acs/connection_string.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <utility>

namespace trunkline::providers::acs {
namespace {

constexpr std::size_t max_length = 4'096;
constexpr std::size_t max_host = 253;  // RFC 1035 section 2.3.4

Error wrong_endpoint(std::string why) {
  return make_error("invalid_endpoint", std::move(why));
}

Error wrong(std::string_view part, std::string_view why) {
  std::string message = "the connection string's ";
  message.append(part).append(" ").append(why);
  return make_error("invalid_connection_string", std::move(message));
}

bool is_host(std::string_view host) {
  if (host.starts_with('[')) {
    return host.ends_with(']') && host.find_first_not_of("0123456789abcdef:.", 1) == host.size() - 1;
  }
  return !host.empty() && host.size() <= max_host &&
         host.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-._") == std::string_view::npos;
}

std::optional<std::string> decode_key(std::string_view text) {
  std::string bytes(base64::max_decoded(text.size()), '\0');
  const auto size = base64::decode(text, {reinterpret_cast<std::uint8_t*>(bytes.data()), bytes.size()});
  if (!size || *size == 0) return std::nullopt;
  bytes.resize(*size);
  return bytes;
}

}  // namespace

Result<Endpoint> parse_endpoint(std::string_view text) {
  const auto scheme_end = text.find("://");
  const std::string scheme = scheme_end == std::string_view::npos ? "" : text::lower(text.substr(0, scheme_end));
  if (scheme != "https" && scheme != "http") return wrong_endpoint("must begin with https:// or http://");
  std::string authority = text::lower(text.substr(scheme_end + 3));
  while (authority.ends_with('/')) authority.pop_back();
  if (authority.find_first_of("/?#@") != std::string::npos) {
    return wrong_endpoint("must have neither user, path nor query");
  }
  const auto colon = authority.ends_with(']') ? std::string::npos : authority.rfind(':');
  if (!is_host(std::string_view(authority).substr(0, colon))) return wrong_endpoint("has no valid host");
  if (colon != std::string::npos) {
    const auto port = text::to_uint(std::string_view(authority).substr(colon + 1));
    if (!port || *port == 0 || *port > 65'535) return wrong_endpoint("has no valid port");
    authority.erase(colon);
    if (*port != (scheme == "https" ? 443U : 80U)) authority += ":" + std::to_string(*port);
  }
  return Endpoint{scheme + "://" + authority, authority};
}

Result<ConnectionString> parse_connection_string(std::string_view text) {
  if (text.size() > max_length) return make_error("invalid_connection_string", "the connection string is too long");
  std::optional<Endpoint> endpoint;
  std::optional<std::string> key;
  for (const std::string_view part : text::split(text, ';')) {
    const auto equals = part.find('=');  // a key ends in some of them
    if (equals == std::string_view::npos) continue;
    const auto name = text::trim(part.substr(0, equals));
    const auto value = text::trim(part.substr(equals + 1));
    if (text::iequals(name, "endpoint")) {
      if (endpoint) return wrong("endpoint", "stands there twice");
      const auto parsed = parse_endpoint(value);
      if (!parsed) return wrong("endpoint", parsed.error().message);
      endpoint = *parsed;
    } else if (text::iequals(name, "accesskey")) {
      if (key) return wrong("accesskey", "stands there twice");
      key = decode_key(value);
      if (!key) return wrong("accesskey", "is not base64");
    }
  }
  if (!endpoint) return wrong("endpoint", "is missing");
  if (!key) return wrong("accesskey", "is missing");
  return ConnectionString{std::move(*endpoint), std::move(*key)};
}

}  // namespace trunkline::providers::acs
