#pragma once

#include <trunkline/base/result.hpp>

#include <string>
#include <string_view>

namespace trunkline::providers::acs {

/// Where a Communication Services resource is reached.
struct Endpoint {
  std::string url;   ///< scheme and authority, without a slash at the end
  std::string host;  ///< what requests are signed for: lower case, the port only when it is not the scheme's own

  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

/// `https://contoso.unitedstates.communication.azure.com/`; `http` is for simulators. No user, path or query. Error
/// `invalid_endpoint`, whose message continues the sentence that begins with what the text is called.
Result<Endpoint> parse_endpoint(std::string_view text);

struct ConnectionString {
  Endpoint endpoint;
  std::string access_key;  ///< decoded: bytes, not text
};

/// `endpoint=https://...;accesskey=...` as the portal shows it. Names of any case and in any order, each once; others
/// are passed over. Error `invalid_connection_string`: names the part that is wrong, and never what it holds.
Result<ConnectionString> parse_connection_string(std::string_view text);

}  // namespace trunkline::providers::acs
