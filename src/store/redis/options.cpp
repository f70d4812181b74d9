#include <trunkline/base/text.hpp>
#include <trunkline/store/redis.hpp>

#include <algorithm>

namespace trunkline::store {
namespace {

constexpr std::uint16_t sentinel_port = 26'379;
constexpr std::size_t max_database = 1'000'000;

Error wrong(const char* why) {
  return make_error("invalid_url", why);
}

bool is_host(std::string_view host) {
  constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";
  return !host.empty() && host.find_first_not_of(allowed) == std::string_view::npos;
}

bool is_ipv6(std::string_view host) {
  return !host.empty() && host.find_first_not_of("0123456789abcdefABCDEF:.") == std::string_view::npos;
}

Result<RedisAddress> parse_address(std::string_view text, std::uint16_t default_port) {
  const bool bracketed = text.starts_with('[');
  const auto host_end = bracketed ? text.find(']') : std::min(text.find(':'), text.size());
  if (host_end == std::string_view::npos) return wrong("has no valid host");
  const std::string_view host = bracketed ? text.substr(1, host_end - 1) : text.substr(0, host_end);
  if (!(bracketed ? is_ipv6(host) : is_host(host))) return wrong("has no valid host");
  RedisAddress address{std::string(host), default_port};
  const std::string_view rest = text.substr(host_end + (bracketed ? 1 : 0));
  if (rest.empty()) return address;
  const auto port = text::to_uint(rest.substr(1));
  if (rest.front() != ':' || !port || *port == 0 || *port > 65'535) return wrong("has no valid port");
  address.port = static_cast<std::uint16_t>(*port);
  return address;
}

bool has_control(std::string_view text) {
  return std::ranges::any_of(text, [](unsigned char c) { return c <= ' ' || c == 0x7F; });
}

}  // namespace

Result<RedisOptions> parse_redis_url(std::string_view url) {
  RedisOptions options;
  options.tls = url.starts_with("rediss://");
  if (!options.tls && !url.starts_with("redis://")) return wrong("does not begin with redis:// or rediss://");
  std::string_view rest = url.substr(url.find("://") + 3);
  if (has_control(rest)) return wrong("holds a blank or a control character");
  if (rest.find_first_of("?#") != std::string_view::npos) {
    return wrong("has a query or a fragment: such a character in a password is written %3F or %23");
  }
  const auto slash = std::min(rest.find('/'), rest.size());
  std::string_view authority = rest.substr(0, slash);
  const std::string_view database = slash < rest.size() ? rest.substr(slash + 1) : std::string_view();
  if (const auto at = authority.rfind('@'); at != std::string_view::npos) {
    const std::string_view who = authority.substr(0, at);
    const auto colon = who.find(':');
    if (colon == std::string_view::npos)
      return wrong("names a user and no password: write user:password@ or :password@");
    options.user = text::percent_decode(who.substr(0, colon), false);
    options.password = text::percent_decode(who.substr(colon + 1), false);
    if (options.password.empty()) return wrong("has an empty password");
    authority.remove_prefix(at + 1);
  }
  auto server = parse_address(authority, options.server.port);
  if (!server) return server.error();
  options.server = std::move(*server);
  if (database.empty()) return options;
  const auto number = text::to_uint(database);
  if (!number || *number > max_database) return wrong("has no number of a database after the slash");
  options.database = *number;
  return options;
}

Result<RedisAddress> parse_sentinel(std::string_view text) {
  return parse_address(text, sentinel_port);
}

}  // namespace trunkline::store
