#include <trunkline/net/address_policy.hpp>

#include <algorithm>
#include <initializer_list>
#include <optional>

namespace trunkline::net {
namespace {

namespace ip = boost::asio::ip;
using Bytes6 = ip::address_v6::bytes_type;

std::vector<Cidr> blocks(std::initializer_list<const char*> texts) {
  std::vector<Cidr> all;
  for (const char* const text : texts) all.push_back(Cidr::parse(text).value());
  return all;
}

bool is_in(const std::vector<Cidr>& blocks, const ip::address& address) {
  return std::ranges::any_of(blocks, [&](const Cidr& block) { return block.contains(address); });
}

bool is_public4(const ip::address& address) {
  static const auto not_public = blocks({
      "0.0.0.0/8",        // this network
      "10.0.0.0/8",       // private
      "100.64.0.0/10",    // behind a carrier's NAT
      "127.0.0.0/8",      // loopback
      "169.254.0.0/16",   // link-local, where clouds keep their metadata
      "172.16.0.0/12",    // private
      "192.0.0.0/24",     // protocol assignments
      "192.0.2.0/24",     // documentation
      "192.88.99.0/24",   // 6to4 relays
      "192.168.0.0/16",   // private
      "198.18.0.0/15",    // benchmarks
      "198.51.100.0/24",  // documentation
      "203.0.113.0/24",   // documentation
      "224.0.0.0/4",      // multicast
      "240.0.0.0/4",      // reserved, broadcast
  });
  return !is_in(not_public, address);
}

bool is_public6(const ip::address& address) {
  static const auto unicast = blocks({"2000::/3"});
  static const auto not_public = blocks({
      "2001::/23",      // protocol assignments, Teredo
      "2001:db8::/32",  // documentation
      "3fff::/20",      // documentation
  });
  return is_in(unicast, address) && !is_in(not_public, address);
}

ip::address_v4 ipv4_at(const Bytes6& bytes, std::size_t offset) {
  return ip::address_v4({bytes[offset], bytes[offset + 1], bytes[offset + 2], bytes[offset + 3]});
}

// The IPv4 address that packets to this one end at; mapped ones are IPv4 already.
std::optional<ip::address_v4> carried(const ip::address& address) {
  static const auto nat64 = blocks({"64:ff9b::/96"});  // RFC 6052
  static const auto in_6to4 = blocks({"2002::/16"});   // RFC 3056
  if (is_in(nat64, address)) return ipv4_at(address.to_v6().to_bytes(), 12);
  if (is_in(in_6to4, address)) return ipv4_at(address.to_v6().to_bytes(), 2);
  return std::nullopt;
}

}  // namespace

bool is_public(const ip::address& given) {
  const ip::address address = plain_ip(given);
  if (address.is_v4()) return is_public4(address);
  if (const auto inner = carried(address)) return is_public4(*inner);
  return is_public6(address);
}

Result<AddressPolicy> AddressPolicy::allowing(std::span<const std::string> networks) {
  AddressPolicy policy;
  for (const std::string& text : networks) {
    const auto network = Cidr::parse(text);
    if (!network) return make_error(network.error().code, "'" + text + "' " + network.error().message);
    policy.networks_.push_back(*network);
  }
  return policy;
}

bool AddressPolicy::admits(const ip::address& address, bool secure) const {
  if (secure && is_public(address)) return true;
  return is_in(networks_, address);
}

}  // namespace trunkline::net
