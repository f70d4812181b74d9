#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace trunkline::test {

using Bytes = std::vector<std::uint8_t>;

inline Bytes bytes(std::string_view text) {
  return {text.begin(), text.end()};
}
inline std::string text(std::span<const std::uint8_t> raw) {
  return {raw.begin(), raw.end()};
}
inline Bytes operator+(Bytes left, const Bytes& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

inline constexpr std::uint8_t fin = 0x80;
inline constexpr std::uint8_t mask_bit = 0x80;

/// A frame by the book (RFC 6455 section 5.2), written without the code under test. `first` is FIN, the reserved bits
/// and the opcode.
inline Bytes frame(std::uint8_t first, const Bytes& payload, bool masked) {
  Bytes out{first};
  const std::uint8_t flag = masked ? mask_bit : 0;
  const std::uint64_t size = payload.size();
  if (size < 126) {
    out.push_back(static_cast<std::uint8_t>(flag | size));
  } else {
    const int width = size <= 0xFFFF ? 2 : 8;
    out.push_back(static_cast<std::uint8_t>(flag | (width == 2 ? 126 : 127)));
    for (int i = width - 1; i >= 0; --i) out.push_back(static_cast<std::uint8_t>(size >> (8 * i)));
  }
  const std::uint8_t mask[4] = {0x37, 0xFA, 0x21, 0x3D};
  if (masked) out.insert(out.end(), mask, mask + 4);
  for (std::size_t i = 0; i < payload.size(); ++i) {
    out.push_back(masked ? static_cast<std::uint8_t>(payload[i] ^ mask[i % 4]) : payload[i]);
  }
  return out;
}

/// What a client sends and what a server sends.
inline Bytes from_client(std::uint8_t first, std::string_view payload) {
  return frame(first, bytes(payload), true);
}
inline Bytes from_server(std::uint8_t first, std::string_view payload) {
  return frame(first, bytes(payload), false);
}

}  // namespace trunkline::test
