#pragma once

#include <trunkline/base/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace trunkline::net {

/// An absolute http, https, ws or wss URL in parts.
struct Url {
  std::string scheme;  ///< lower case
  std::string host;    ///< without brackets
  std::uint16_t port = 0;
  std::string target;  ///< path and query, at least `/`

  bool secure() const { return scheme == "https" || scheme == "wss"; }
  /// For the Host header: the port only when it is not the scheme's own.
  std::string authority() const;
};

/// Error `invalid_url`. User information and fragments are refused.
Result<Url> parse_url(std::string_view text);

}  // namespace trunkline::net
