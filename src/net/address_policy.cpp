#include <trunkline/net/address_policy.hpp>

#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

namespace trunkline::net {
namespace {

namespace ip = boost::asio::ip;
using Bytes6 = ip::address_v6::bytes_type;

constexpr unsigned mapped_bits = 96;

struct Block4 {
  std::uint32_t prefix;
  unsigned bits;
};
constexpr std::array not_public4 = {
    Block4{0x00000000, 8},   // this network
    Block4{0x0A000000, 8},   // private
    Block4{0x64400000, 10},  // behind a carrier's NAT
    Block4{0x7F000000, 8},   // loopback
    Block4{0xA9FE0000, 16},  // link-local, where clouds keep their metadata
    Block4{0xAC100000, 12},  // private
    Block4{0xC0000000, 24},  // protocol assignments
    Block4{0xC0000200, 24},  // documentation
    Block4{0xC0586300, 24},  // 6to4 relays
    Block4{0xC0A80000, 16},  // private
    Block4{0xC6120000, 15},  // benchmarks
    Block4{0xC6336400, 24},  // documentation
    Block4{0xCB007100, 24},  // documentation
    Block4{0xE0000000, 4},   // multicast
    Block4{0xF0000000, 4},   // reserved, broadcast
};

struct Block6 {
  const char* prefix;
  unsigned bits;
};
// Of 2000::/3: nothing else is public.
constexpr std::array not_public6 = {
    Block6{"2001::", 23},      // protocol assignments, Teredo
    Block6{"2001:db8::", 32},  // documentation
    Block6{"3fff::", 20},      // documentation
};

bool begins_with(const Bytes6& bytes, const Bytes6& prefix, unsigned bits) {
  for (unsigned i = 0; i < bits / 8; ++i) {
    if (bytes[i] != prefix[i]) return false;
  }
  const unsigned rest = bits % 8;
  return rest == 0 || (bytes[bits / 8] ^ prefix[bits / 8]) >> (8 - rest) == 0;
}

bool begins_with(const Bytes6& bytes, const char* prefix, unsigned bits) {
  return begins_with(bytes, ip::make_address_v6(prefix).to_bytes(), bits);
}

ip::address_v4 ipv4_at(const Bytes6& bytes, std::size_t offset) {
  return ip::address_v4({bytes[offset], bytes[offset + 1], bytes[offset + 2], bytes[offset + 3]});
}

bool is_public4(const ip::address_v4& address) {
  return std::ranges::none_of(not_public4, [number = address.to_uint()](const Block4& block) {
    return (number ^ block.prefix) >> (32 - block.bits) == 0;
  });
}

// The IPv4 address that packets to this one end at.
std::optional<ip::address_v4> carried(const Bytes6& bytes) {
  if (begins_with(bytes, "::ffff:0:0", mapped_bits)) return ipv4_at(bytes, 12);
  if (begins_with(bytes, "64:ff9b::", 96)) return ipv4_at(bytes, 12);  // NAT64, RFC 6052
  if (begins_with(bytes, "2002::", 16)) return ipv4_at(bytes, 2);      // 6to4, RFC 3056
  return std::nullopt;
}

ip::address_v6 as_v6(const ip::address& address) {
  return address.is_v4() ? ip::make_address_v6(ip::v4_mapped, address.to_v4()) : address.to_v6();
}

}  // namespace

bool is_public(const ip::address& address) {
  if (address.is_v4()) return is_public4(address.to_v4());
  const Bytes6 bytes = address.to_v6().to_bytes();
  if (const auto inner = carried(bytes)) return is_public4(*inner);
  return begins_with(bytes, "2000::", 3) && std::ranges::none_of(not_public6, [&](const Block6& block) {
           return begins_with(bytes, block.prefix, block.bits);
         });
}

Result<AddressPolicy> AddressPolicy::allowing(std::span<const std::string> networks) {
  AddressPolicy policy;
  for (const std::string& text : networks) {
    boost::system::error_code wrong4;
    const auto network4 = ip::make_network_v4(text, wrong4);
    if (!wrong4) {
      policy.networks_.push_back({ip::make_address_v6(ip::v4_mapped, network4.network()),
                                  mapped_bits + static_cast<unsigned>(network4.prefix_length())});
      continue;
    }
    boost::system::error_code wrong6;
    const auto network6 = ip::make_network_v6(text, wrong6);
    if (wrong6) return make_error("invalid_network", "'" + text + "' is not a network such as 10.0.0.0/8");
    policy.networks_.push_back({network6.address(), static_cast<unsigned>(network6.prefix_length())});
  }
  return policy;
}

bool AddressPolicy::admits(const ip::address& address, bool secure) const {
  if (secure && is_public(address)) return true;
  const Bytes6 bytes = as_v6(address).to_bytes();
  return std::ranges::any_of(
      networks_, [&](const Network& network) { return begins_with(bytes, network.prefix.to_bytes(), network.bits); });
}

}  // namespace trunkline::net
