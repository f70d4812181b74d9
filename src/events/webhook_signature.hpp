#pragma once

#include <trunkline/base/clock.hpp>
#include <trunkline/base/result.hpp>

#include <span>
#include <string>
#include <string_view>

namespace trunkline::events::webhooks {

/// `whsec_` and Base64 of the key (Standard Webhooks). `hex` is what Ids::secret() gives.
std::string make_secret(std::string_view hex);

/// The header `webhook-signature`: for each secret `v1,` and Base64 of HMAC-SHA256 over `id.timestamp.body`, with a
/// blank between. `timestamp` is in seconds. Error `invalid_secret`: not `whsec_` and Base64 of 24 to 64 bytes.
Result<std::string> sign(std::span<const std::string> secrets, std::string_view id, std::int64_t timestamp,
                         std::string_view body);

}  // namespace trunkline::events::webhooks
