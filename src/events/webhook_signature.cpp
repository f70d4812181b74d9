#include "events/webhook_signature.hpp"

#include <trunkline/base/base64.hpp>
#include <trunkline/base/crypto.hpp>

#include <cstdint>
#include <optional>
#include <vector>

namespace trunkline::events::webhooks {
namespace {

constexpr std::string_view prefix = "whsec_";
constexpr std::size_t least_key = 24;
constexpr std::size_t largest_key = 64;

std::optional<std::string> key_of(std::string_view secret) {
  if (!secret.starts_with(prefix)) return std::nullopt;
  const std::string_view text = secret.substr(prefix.size());
  std::vector<std::uint8_t> bytes(base64::max_decoded(text.size()));
  const auto size = base64::decode(text, bytes);
  if (!size || *size < least_key || *size > largest_key) return std::nullopt;
  return std::string(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(*size));
}

unsigned digit(char c) {
  return static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10);
}

}  // namespace

std::string make_secret(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(digit(hex[i]) << 4U | digit(hex[i + 1]));
  }
  return std::string(prefix) + base64::encode(bytes);
}

Result<std::string> sign(std::span<const std::string> secrets, std::string_view id, std::int64_t timestamp,
                         std::string_view body) {
  std::string content(id);
  content.append(".").append(std::to_string(timestamp)).append(".").append(body);
  std::string header;
  for (const std::string& secret : secrets) {
    const auto key = key_of(secret);
    if (!key) return make_error("invalid_secret", "the endpoint's secret cannot be used; rotate it");
    if (!header.empty()) header += ' ';
    header += "v1," + base64::encode(crypto::hmac_sha256(*key, content));
  }
  return header;
}

}  // namespace trunkline::events::webhooks
