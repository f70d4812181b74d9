#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>

namespace trunkline::providers::acs {

/// A webhook that is signed with a secret which both sides know (AZURE_WEBHOOK_SECRET): HMAC-SHA256 (RFC 2104) over the
/// body as it came, byte for byte. Azure itself signs nothing this way; a relay or function before this process does.
///
/// The signature comes in the first of these headers that is there, as hexadecimal digits in any case or as base64
/// (standard or URL-safe, padded or not), perhaps behind `sha256=`. It covers the body and nothing else: that the same
/// body came before, its events' ids say.
inline constexpr std::array<std::string_view, 3> shared_secret_headers = {"X-Azure-Signature", "X-Webhook-Signature",
                                                                          "X-Signature"};

/// What a sender writes: `sha256=` and 64 hexadecimal digits.
std::string sign_body(std::string_view secret, std::string_view body);

/// Whether one of `secrets` (empty ones never match) signed this body. Constant time in the secrets.
bool body_signature_matches(std::span<const std::string> secrets, std::string_view body, std::string_view signature);

}  // namespace trunkline::providers::acs
