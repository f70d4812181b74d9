#pragma once

#include <trunkline/base/result.hpp>

#include <boost/asio/ip/address.hpp>

#include <optional>
#include <string_view>

namespace trunkline {

/// An IP address without port, brackets or zone, or nothing. IPv4 in its IPv6 clothes (`::ffff:192.0.2.1`, RFC 4291
/// section 2.5.5.2) is IPv4: whoever compares addresses means the host.
std::optional<boost::asio::ip::address> parse_ip(std::string_view text);

/// The address as parse_ip() would give it.
boost::asio::ip::address plain_ip(const boost::asio::ip::address& address);

/// A block of addresses, `10.0.0.0/8` or `2001:db8::/32` (RFC 4632 section 3.1, RFC 4291 section 2.3); a lone address
/// is a block of one. Small enough to pass by value.
class Cidr {
 public:
  /// Error `invalid_cidr`, also when an address has bits behind its prefix: 10.1.0.0/8 is likely to be a slip.
  static Result<Cidr> parse(std::string_view text);

  /// IPv4 is in IPv4 blocks alone (`::/0` has none of it), and so is mapped IPv4: a block of that,
  /// `::ffff:10.0.0.0/104`, is the IPv4 block.
  bool contains(const boost::asio::ip::address& address) const;

 private:
  Cidr(const boost::asio::ip::address& network, unsigned prefix_bits) : network_(network), prefix_bits_(prefix_bits) {}

  boost::asio::ip::address network_;
  unsigned prefix_bits_;
};

}  // namespace trunkline
