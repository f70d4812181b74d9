#pragma once

#include <trunkline/base/clock.hpp>
#include <trunkline/base/result.hpp>

#include <string>
#include <string_view>

/// The signature by access key (HMAC-SHA256) that Communication Services asks of each REST request.
namespace trunkline::providers::acs {

/// The parts of a request that a signature covers.
struct Signable {
  std::string_view method;  ///< upper case
  std::string_view target;  ///< path and query exactly as sent, percent-encoding included
  std::string_view host;    ///< as in `Host`: with the port when it is not the scheme's own
  std::string_view body;
};

/// The headers that carry a signature, beside `Host`.
struct SignatureHeaders {
  std::string date;           ///< `x-ms-date`
  std::string content_hash;   ///< `x-ms-content-sha256`
  std::string authorization;  ///< `Authorization`
};

/// Base64 of the SHA-256 of a body.
std::string content_hash(std::string_view body);

/// What the HMAC is taken of.
std::string string_to_sign(const Signable& request, std::string_view date, std::string_view content_hash);

/// `access_key` in bytes.
SignatureHeaders sign(std::string_view access_key, const Signable& request, WallTime now);

/// How far a date may be from now. Microsoft does not say; its other services take a quarter of an hour.
inline constexpr std::chrono::minutes allowed_skew{15};

/// Whether a request bears the right signature: the service's side of sign(). Errors, in this order: `header_missing`
/// (names it), `date_wrong`, `content_hash_wrong`, `signature_wrong`. Constant time in what is secret. An empty key
/// signs nothing.
Result<> verify(std::string_view access_key, const Signable& request, const SignatureHeaders& headers, WallTime now);

}  // namespace trunkline::providers::acs
