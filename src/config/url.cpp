#include <trunkline/base/text.hpp>
#include <trunkline/config/url.hpp>

#include <boost/asio/ip/address.hpp>

#include <algorithm>

namespace trunkline::config {
namespace {

bool is_host_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '.' || c == '-' || c == '_';
}

bool is_host(std::string_view host) {
  if (host.starts_with('[')) {  // IPv6
    return host.ends_with(']') && host.find_first_not_of("0123456789abcdefABCDEF:.", 1) == host.size() - 1;
  }
  return !host.empty() && std::all_of(host.begin(), host.end(), is_host_character);
}

bool is_port(std::string_view port) {
  const auto number = text::to_uint(port);
  return number && *number >= 1 && *number <= 65'535;
}

Error wrong(std::string reason) {
  return make_error("invalid_url", std::move(reason));
}

bool is_this_machine(std::string_view authority) {
  if (!authority.ends_with(']')) authority = authority.substr(0, authority.rfind(':'));
  if (text::iequals(authority, "localhost")) return true;
  if (authority.starts_with('[') && authority.ends_with(']')) authority = authority.substr(1, authority.size() - 2);
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(authority, error);
  return !error && address.is_loopback();
}

}  // namespace

Result<std::string> parse_base_url(std::string_view text, std::string_view schemes) {
  const auto scheme_end = text.find("://");
  const std::string scheme = text::lower(text.substr(0, scheme_end));
  const auto allowed = text::split(schemes, ' ');
  if (scheme_end == std::string_view::npos || std::find(allowed.begin(), allowed.end(), scheme) == allowed.end()) {
    std::string reason = "is not a URL that begins with ";
    for (const std::string_view one : allowed)
      reason += (one == allowed.front() ? "" : " or ") + std::string(one) + "://";
    return wrong(std::move(reason));
  }
  if (text.find_first_of("?#") != std::string_view::npos) return wrong("must have neither query nor fragment");
  if (text.find_first_of(" \"<>\\^`{|}") != std::string_view::npos) {
    return wrong("holds a character that no URL may have");
  }

  const std::string_view rest = text.substr(scheme_end + 3);
  const auto authority_end = std::min(rest.find('/'), rest.size());
  const std::string_view authority = rest.substr(0, authority_end);
  if (authority.find('@') != std::string_view::npos) return wrong("must not name a user");
  const auto colon = authority.ends_with(']') ? std::string_view::npos : authority.rfind(':');
  if (!is_host(authority.substr(0, colon))) return wrong("has no valid host");
  if (colon != std::string_view::npos && !is_port(authority.substr(colon + 1))) return wrong("has no valid port");

  std::string url = scheme + "://" + std::string(rest);
  url.erase(url.find_last_not_of('/') + 1);
  return url;
}

Result<std::string> parse_service_url(std::string_view text) {
  auto url = parse_base_url(text, "https http");
  if (!url || url->starts_with("https://")) return url;
  const std::string_view rest = std::string_view(*url).substr(std::string_view("http://").size());
  if (!is_this_machine(rest.substr(0, rest.find('/')))) return wrong("must be https: it is not on this machine");
  return url;
}

Result<std::string> parse_service_origin(std::string_view text) {
  auto url = parse_service_url(text);
  if (url && url->find('/', url->find("://") + 3) != std::string::npos) return wrong("must have no path");
  return url;
}

}  // namespace trunkline::config
