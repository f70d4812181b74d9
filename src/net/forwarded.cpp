#include <trunkline/base/text.hpp>
#include <trunkline/net/forwarded.hpp>

#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

namespace trunkline::net {
namespace {

namespace ip = boost::asio::ip;

/// Nothing: noted, but not as an address.
using Hop = std::optional<ip::address>;
using Hops = std::vector<Hop>;  // the client's side first

// As split(), but not inside quotes (RFC 9110 section 5.6.4).
std::vector<std::string_view> split_unquoted(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  bool quoted = false;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (quoted && text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      quoted = !quoted;
    } else if (!quoted && text[i] == separator) {
      parts.push_back(text.substr(begin, i - begin));
      begin = i + 1;
    }
  }
  parts.push_back(text.substr(begin));
  return parts;
}

// No escapes: no address needs one, and what has one is none.
std::string_view unquoted(std::string_view text) {
  const bool quoted = text.size() >= 2 && text.front() == '"' && text.back() == '"';
  return quoted ? text.substr(1, text.size() - 2) : text;
}

// `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:80`.
Hop read_node(std::string_view node) {
  if (node.starts_with('[')) {
    const auto end = node.find(']');
    const bool more = end != std::string_view::npos && end + 1 < node.size();
    if (end == std::string_view::npos || (more && node[end + 1] != ':')) return std::nullopt;
    return parse_ip(node.substr(1, end - 1));
  }
  const bool has_port = std::count(node.begin(), node.end(), ':') == 1;
  return parse_ip(has_port ? node.substr(0, node.find(':')) : node);
}

Hop read_forwarded(std::string_view element) {
  for (const auto pair : split_unquoted(element, ';')) {
    const auto equals = pair.find('=');
    if (equals == std::string_view::npos || !text::iequals(text::trim(pair.substr(0, equals)), "for")) continue;
    return read_node(unquoted(text::trim(pair.substr(equals + 1))));
  }
  return std::nullopt;
}

// A header may come in several lines, which are one list (RFC 9110 section 5.3).
template <class Read>
Hops hops_of(const Headers& headers, std::string_view name, Read read) {
  Hops hops;
  for (const Header& header : headers) {
    if (!text::iequals(header.name, name)) continue;
    for (const auto element : split_unquoted(header.value, ',')) {
      const auto trimmed = text::trim(element);
      if (!trimmed.empty()) hops.push_back(read(trimmed));
    }
  }
  return hops;
}

bool is_trusted(const ip::address& address, std::span<const Cidr> proxies) {
  return std::any_of(proxies.begin(), proxies.end(), [&](const Cidr& proxy) { return proxy.contains(address); });
}

ip::address walk(const ip::address& connection, const Hops& hops, std::span<const Cidr> proxies) {
  ip::address last = connection;
  for (auto hop = hops.rbegin(); hop != hops.rend() && *hop && is_trusted(last, proxies); ++hop) last = **hop;
  return last;
}

}  // namespace

std::string client_address(const std::string& connection, const Headers& headers, std::span<const Cidr> proxies) {
  if (proxies.empty()) return connection;
  const auto peer = parse_ip(connection);
  if (!peer || !is_trusted(*peer, proxies)) return connection;
  const Hops for_list = hops_of(headers, "X-Forwarded-For", read_node);
  const Hops forwarded = hops_of(headers, "Forwarded", read_forwarded);
  const ip::address by_list = walk(*peer, for_list, proxies);
  const ip::address by_forwarded = walk(*peer, forwarded, proxies);
  if (for_list.empty()) return by_forwarded.to_string();
  if (forwarded.empty() || by_list == by_forwarded) return by_list.to_string();
  return connection;
}

}  // namespace trunkline::net
