#include <trunkline/base/base64.hpp>
#include <trunkline/base/crypto.hpp>
#include <trunkline/base/text.hpp>
#include <trunkline/providers/acs/signing.hpp>

#include <utility>

namespace trunkline::providers::acs {
namespace {

constexpr std::string_view scheme = "HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature=";

std::string authorization(std::string_view access_key, const Signable& request, std::string_view date,
                          std::string_view hash) {
  const std::string mac = crypto::hmac_sha256(access_key, string_to_sign(request, date, hash));
  return std::string(scheme) + base64::encode(mac);
}

Error missing(std::string name) {
  return make_error("header_missing", "the header " + std::move(name) + " is missing");
}

}  // namespace

std::string content_hash(std::string_view body) {
  return base64::encode(crypto::sha256(body));
}

std::string string_to_sign(const Signable& request, std::string_view date, std::string_view content_hash) {
  std::string out;
  out.append(request.method).append("\n").append(request.target).append("\n");
  out.append(date).append(";").append(request.host).append(";").append(content_hash);
  return out;
}

SignatureHeaders sign(std::string_view access_key, const Signable& request, WallTime now) {
  SignatureHeaders headers;
  headers.date = text::to_rfc2822(now, "GMT");
  headers.content_hash = content_hash(request.body);
  headers.authorization = authorization(access_key, request, headers.date, headers.content_hash);
  return headers;
}

Result<> verify(std::string_view access_key, const Signable& request, const SignatureHeaders& headers, WallTime now) {
  if (request.host.empty()) return missing("Host");
  if (headers.date.empty()) return missing("x-ms-date");
  if (headers.content_hash.empty()) return missing("x-ms-content-sha256");
  if (headers.authorization.empty()) return missing("Authorization");
  const auto date = text::parse_rfc2822(headers.date);
  if (!date || !headers.date.ends_with("GMT")) return make_error("date_wrong", "x-ms-date is not a date of HTTP");
  if (*date > now + allowed_skew || *date < now - allowed_skew) {
    return make_error("date_wrong", "x-ms-date is more than 15 minutes off");
  }
  if (!crypto::equal_constant_time(content_hash(request.body), headers.content_hash)) {
    return make_error("content_hash_wrong", "x-ms-content-sha256 is not the hash of the body");
  }
  // A key of no bytes is one that everybody has.
  const std::string expected = authorization(access_key, request, headers.date, headers.content_hash);
  if (access_key.empty() || !crypto::equal_constant_time(expected, headers.authorization)) {
    return make_error("signature_wrong", "the signature in Authorization does not fit the request");
  }
  return {};
}

}  // namespace trunkline::providers::acs
