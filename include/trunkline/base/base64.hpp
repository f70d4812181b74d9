#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace trunkline::base64 {

/// Bytes that `text` decodes to at most: what `out` of decode() must hold.
constexpr std::size_t max_decoded(std::size_t characters) {
  return characters / 4 * 3 + 3;
}

/// Decodes RFC 4648 standard base64, padding optional, into `out`; the number of bytes, or nothing when a character
/// is foreign or `out` is too small. Does not allocate: the media path calls it for every frame.
std::optional<std::size_t> decode(std::string_view text, std::span<std::uint8_t> out);

/// Appends `bytes` as padded standard base64.
void append(std::string& out, std::span<const std::uint8_t> bytes);

std::string encode(std::string_view bytes);

/// RFC 4648 section 5 without padding, as in JWT.
std::optional<std::string> decode_url(std::string_view text);
std::string encode_url(std::string_view bytes);

}  // namespace trunkline::base64
