#pragma once

#include <trunkline/base/cidr.hpp>
#include <trunkline/base/result.hpp>

#include <boost/asio/ip/address.hpp>

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace trunkline::net {

/// Whether an address belongs to somebody on the public internet: not to this host, a private or link-local network, a
/// carrier's NAT, a test network, multicast or what is reserved (IANA special-purpose registries, RFC 6890), nor to an
/// IPv6 form of such an IPv4 address (mapped, NAT64, 6to4).
bool is_public(const boost::asio::ip::address& address);

/// Where requests may go whose destination a client of ours chose (against server-side request forgery).
class AddressPolicy {
 public:
  /// Only public addresses.
  AddressPolicy() = default;
  /// Also those in `networks`. The error is that of Cidr::parse(), and names the one that is wrong.
  static Result<AddressPolicy> allowing(std::span<const std::string> networks);

  /// Without TLS only what was allowed by name: a public network is everybody's.
  bool admits(const boost::asio::ip::address& address, bool secure) const;
  /// Whether admits() could hold for any address without TLS.
  bool takes_plain() const { return !networks_.empty(); }

 private:
  std::vector<Cidr> networks_;
};

}  // namespace trunkline::net
