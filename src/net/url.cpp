#include <trunkline/base/text.hpp>
#include <trunkline/net/url.hpp>

#include <algorithm>

namespace trunkline::net {
namespace {

constexpr std::string_view name_characters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";
constexpr std::string_view address_characters = "0123456789abcdefABCDEF:.";

std::uint16_t default_port(std::string_view scheme) {
  return scheme == "https" || scheme == "wss" ? 443 : 80;
}

Error invalid(std::string_view url, std::string_view why) {
  return make_error("invalid_url",
                    "'" + std::string(url.substr(0, 200)) + "' is not a usable URL: " + std::string(why));
}

}  // namespace

std::string Url::authority() const {
  const std::string name = host.find(':') == std::string::npos ? host : "[" + host + "]";
  return port == default_port(scheme) ? name : name + ":" + std::to_string(port);
}

Result<Url> parse_url(std::string_view text) {
  const auto colon = text.find("://");
  if (colon == std::string_view::npos) return invalid(text, "it has no scheme");
  Url url;
  url.scheme = text::lower(text.substr(0, colon));
  if (url.scheme != "http" && url.scheme != "https" && url.scheme != "ws" && url.scheme != "wss") {
    return invalid(text, "the scheme must be http, https, ws or wss");
  }
  std::string_view rest = text.substr(colon + 3);
  for (const char c : rest) {
    if (c <= ' ' || c == 0x7F) return invalid(text, "it has blanks or control characters");
  }
  if (rest.find('#') != std::string_view::npos) return invalid(text, "it has a fragment");
  const auto slash = std::min(rest.find_first_of("/?"), rest.size());
  std::string_view authority = rest.substr(0, slash);
  url.target = rest.substr(slash);
  if (!url.target.starts_with('/')) url.target.insert(0, 1, '/');
  if (authority.find('@') != std::string_view::npos) return invalid(text, "it carries user information");

  const auto host_end = authority.starts_with('[') ? authority.find(']') + 1 : authority.find(':');
  std::string_view host = authority.substr(0, host_end);
  const bool bracketed = host.starts_with('[');
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (host.empty()) return invalid(text, "it has no host");
  if (host.find_first_not_of(bracketed ? address_characters : name_characters) != std::string_view::npos) {
    return invalid(text, "the host has a character that no host has");
  }
  url.host = host;
  url.port = default_port(url.scheme);
  if (host_end < authority.size()) {
    const auto port = text::to_uint(authority.substr(host_end + 1));
    if (authority[host_end] != ':' || !port || *port == 0 || *port > 65'535) return invalid(text, "the port is wrong");
    url.port = static_cast<std::uint16_t>(*port);
  }
  return url;
}

}  // namespace trunkline::net
