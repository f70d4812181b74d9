#pragma once

#include <string>
#include <string_view>

namespace trunkline::store::redis {

/// What runs inside the server, so that nobody comes between. A server that has forgotten it (`NOSCRIPT`) gets the
/// text.
class Script {
 public:
  explicit Script(std::string_view text);

  const std::string& text() const { return text_; }
  const std::string& digest() const { return digest_; }

 private:
  std::string text_;
  std::string digest_;  // SHA-1, by which EVALSHA asks for it
};

/// KEYS: claim. ARGV: holder, fence_text(), time to live in ms. 1 when the holder has it now, else 0.
const Script& claim_script();
/// KEYS: claim. ARGV: holder, fence_text().
const Script& release_script();
/// KEYS: hash. ARGV: version, time to live in ms, then names and values of all fields, `version` among them. 1 when it
/// was put, 0 when a newer one is there.
const Script& put_newer_script();
/// KEYS: bucket. ARGV: capacity, per minute. Admitted (1 or 0), remaining, retry after, full after (ms).
const Script& take_script();

/// Texts that compare as the numbers do: Lua's own numbers are exact only up to 2^53.
std::string fence_text(std::int64_t fence);

}  // namespace trunkline::store::redis
