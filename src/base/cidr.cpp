#include <trunkline/base/cidr.hpp>
#include <trunkline/base/text.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>

namespace trunkline {
namespace {

namespace ip = boost::asio::ip;

constexpr unsigned mapped_bits = 96;  // of ::ffff:0:0/96, in which IPv4 addresses are mapped

/// Both kinds in one form: the bytes of an address, and how many of them count.
struct Octets {
  std::array<unsigned char, 16> bytes{};
  unsigned bits = 0;
};

Octets octets_of(const ip::address& address) {
  Octets all;
  if (address.is_v4()) {
    std::ranges::copy(address.to_v4().to_bytes(), all.bytes.begin());
    all.bits = 32;
  } else {
    all.bytes = address.to_v6().to_bytes();
    all.bits = 128;
  }
  return all;
}

bool bit(const Octets& octets, unsigned place) {
  return ((octets.bytes[place / 8] >> (7 - place % 8)) & 1) != 0;
}

bool has_bits_behind(const Octets& octets, unsigned prefix_bits) {
  for (unsigned place = prefix_bits; place < octets.bits; ++place) {
    if (bit(octets, place)) return true;
  }
  return false;
}

std::optional<ip::address> parse_exactly(std::string_view text) {
  if (text.find('%') != std::string_view::npos) return std::nullopt;  // a zone means something on one host only
  boost::system::error_code error;
  ip::address address = ip::make_address(std::string(text), error);
  if (error) return std::nullopt;
  return address;
}

}  // namespace

ip::address plain_ip(const ip::address& address) {
  if (!address.is_v6() || !address.to_v6().is_v4_mapped()) return address;
  return ip::make_address_v4(ip::v4_mapped, address.to_v6());
}

std::optional<ip::address> parse_ip(std::string_view text) {
  const auto address = parse_exactly(text);
  if (!address) return std::nullopt;
  return plain_ip(*address);
}

Result<Cidr> Cidr::parse(std::string_view text) {
  const auto wrong = [](std::string_view why) { return make_error("invalid_cidr", std::string(why)); };
  const auto slash = text.find('/');
  const auto address = parse_exactly(text.substr(0, slash));
  if (!address) return wrong("is not an IP address or a block of them such as 10.0.0.0/8");
  const Octets octets = octets_of(*address);
  std::uint64_t bits = octets.bits;
  if (slash != std::string_view::npos) {
    const auto given = text::to_uint(text.substr(slash + 1));
    if (!given || *given > octets.bits) {
      return wrong("has no prefix length from 0 to " + std::to_string(octets.bits) + " behind its slash");
    }
    bits = *given;
  }
  const auto prefix_bits = static_cast<unsigned>(bits);
  if (has_bits_behind(octets, prefix_bits)) return wrong("has bits set behind its prefix");
  const ip::address plain = plain_ip(*address);
  if (plain.is_v4() && address->is_v6()) {
    if (prefix_bits < mapped_bits) return wrong("is wider than the IPv4 addresses that it names");
    return Cidr(plain, prefix_bits - mapped_bits);
  }
  return Cidr(plain, prefix_bits);
}

bool Cidr::contains(const ip::address& address) const {
  const ip::address plain = plain_ip(address);
  if (plain.is_v4() != network_.is_v4()) return false;
  const Octets given = octets_of(plain);
  const Octets network = octets_of(network_);
  for (unsigned place = 0; place < prefix_bits_; ++place) {
    if (bit(given, place) != bit(network, place)) return false;
  }
  return true;
}

}  // namespace trunkline
