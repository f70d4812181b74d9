#include <trunkline/base/base64.hpp>
#include <trunkline/base/crypto.hpp>
#include <trunkline/base/text.hpp>
#include <trunkline/providers/acs/shared_secret.hpp>

namespace trunkline::providers::acs {
namespace {

constexpr std::string_view scheme = "sha256=";
constexpr std::size_t hex_digits = 64;

/// base64 of both alphabets as the URL-safe one without padding.
std::string url_safe(std::string_view base64) {
  std::string out(base64.substr(0, base64.find_last_not_of('=') + 1));
  for (char& c : out) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return out;
}

}  // namespace

std::string sign_body(std::string_view secret, std::string_view body) {
  return std::string(scheme) + crypto::hex(crypto::hmac_sha256(secret, body));
}

bool body_signature_matches(std::span<const std::string> secrets, std::string_view body, std::string_view signature) {
  signature = text::trim(signature);
  if (text::iequals(signature.substr(0, scheme.size()), scheme)) signature.remove_prefix(scheme.size());
  const bool is_hex = signature.size() == hex_digits;  // base64 of 32 bytes has 43 or 44 characters
  const std::string given = is_hex ? text::lower(signature) : url_safe(signature);
  bool matched = false;
  for (const std::string& secret : secrets) {
    if (secret.empty()) continue;  // an empty key is a key that everybody has
    const std::string digest = crypto::hmac_sha256(secret, body);
    matched |= crypto::equal_constant_time(is_hex ? crypto::hex(digest) : base64::encode_url(digest), given);
  }
  return matched;
}

}  // namespace trunkline::providers::acs
