#pragma once

#include <trunkline/base/form.hpp>

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace trunkline::providers::twilio {

/// The value of `X-Twilio-Signature` for a request to `url` with decoded form parameters: base64 of HMAC-SHA1 over the
/// URL and, per key in byte order, each distinct value after its key.
std::string sign(std::string_view token, std::string_view url, const Params& params);

/// Whether one of `tokens` (the account's auth tokens; empty ones never match) signed this request.
///
/// `url` is the public URL as the provider knows it, with the raw query: `https` for webhooks, `wss` for the upgrade of
/// a media socket. `params` are those of the form body, empty for GET, JSON and upgrades. Constant time in the secret.
bool signature_matches(std::span<const std::string> tokens, std::string_view url, const Params& params,
                       std::string_view signature);

/// The same for a JSON body: the signed URL must carry `bodySHA256`, the hash of the body as it came.
bool json_signature_matches(std::span<const std::string> tokens, std::string_view url, std::string_view body,
                            std::string_view signature);

/// The URLs that may have been signed for a request to `url`, at most six: Twilio is not uniform in whether it writes
/// the port and whether it escapes an apostrophe in the query. A fragment is never signed; user and password are.
std::vector<std::string> signed_url_candidates(std::string_view url);

}  // namespace trunkline::providers::twilio
