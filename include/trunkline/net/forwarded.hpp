#pragma once

#include <trunkline/base/cidr.hpp>
#include <trunkline/net/http.hpp>

#include <span>
#include <string>

namespace trunkline::net {

/// Who stands behind the proxies that are trusted: of the addresses that these have noted in `X-Forwarded-For`, or in
/// `Forwarded` (RFC 7239), the last that is not one of theirs. What stands before it the client may have made up.
///
/// That is the connection's own address when that is no trusted proxy, when nothing is noted, and when both headers
/// are there and disagree: a proxy writes one of them and may hand on the other as the client sent it. An address that
/// cannot be read (`unknown`, `_hidden`) ends the search at the proxy that noted it.
std::string client_address(const std::string& connection, const Headers& headers, std::span<const Cidr> proxies);

}  // namespace trunkline::net
