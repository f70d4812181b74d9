#include <trunkline/base/base64.hpp>

#include <algorithm>
#include <array>

namespace trunkline::base64 {
namespace {

constexpr char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint32_t bad = 0xFF000000;

// value[i][c]: the six bits of character c, shifted to where the i-th character of a group of four puts them.
using Table = std::array<std::array<std::uint32_t, 256>, 4>;
constexpr Table make_table() {
  Table table{};
  for (auto& row : table) row.fill(bad);
  for (std::uint32_t v = 0; v < 64; ++v) {
    for (unsigned i = 0; i < 4; ++i) table[i][static_cast<unsigned char>(alphabet[v])] = v << (18 - 6 * i);
  }
  return table;
}
constexpr Table value = make_table();

std::uint32_t at(unsigned place, char c) {
  return value[place][static_cast<unsigned char>(c)];
}

}  // namespace

std::optional<std::size_t> decode(std::string_view text, std::span<std::uint8_t> out) {
  if (text.size() % 4 == 0 && text.ends_with('=')) text.remove_suffix(text.ends_with("==") ? 2 : 1);
  const std::size_t tail = text.size() % 4;
  const std::size_t size = text.size() / 4 * 3 + (tail == 0 ? 0 : tail - 1);
  if (tail == 1 || size > out.size()) return std::nullopt;

  const char* in = text.data();
  std::uint8_t* to = out.data();
  std::uint32_t wrong = 0;
  for (const char* end = in + (text.size() - tail); in != end; in += 4, to += 3) {
    const std::uint32_t bits = at(0, in[0]) | at(1, in[1]) | at(2, in[2]) | at(3, in[3]);
    wrong |= bits;
    to[0] = static_cast<std::uint8_t>(bits >> 16);
    to[1] = static_cast<std::uint8_t>(bits >> 8);
    to[2] = static_cast<std::uint8_t>(bits);
  }
  if (tail >= 2) {
    const std::uint32_t bits = at(0, in[0]) | at(1, in[1]) | (tail == 3 ? at(2, in[2]) : 0);
    wrong |= bits;
    to[0] = static_cast<std::uint8_t>(bits >> 16);
    if (tail == 3) to[1] = static_cast<std::uint8_t>(bits >> 8);
  }
  if ((wrong & bad) != 0) return std::nullopt;
  return size;
}

void append(std::string& out, std::span<const std::uint8_t> bytes) {
  const std::size_t start = out.size();
  out.resize(start + (bytes.size() + 2) / 3 * 4);
  char* to = out.data() + start;
  const std::uint8_t* in = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= 3; left -= 3, in += 3, to += 4) {
    const std::uint32_t bits = std::uint32_t{in[0]} << 16 | std::uint32_t{in[1]} << 8 | in[2];
    to[0] = alphabet[bits >> 18];
    to[1] = alphabet[bits >> 12 & 63];
    to[2] = alphabet[bits >> 6 & 63];
    to[3] = alphabet[bits & 63];
  }
  if (left > 0) {
    const std::uint32_t bits = std::uint32_t{in[0]} << 16 | (left == 2 ? std::uint32_t{in[1]} << 8 : 0);
    to[0] = alphabet[bits >> 18];
    to[1] = alphabet[bits >> 12 & 63];
    to[2] = left == 2 ? alphabet[bits >> 6 & 63] : '=';
    to[3] = '=';
  }
}

std::string encode(std::string_view bytes) {
  std::string out;
  append(out, {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
  return out;
}

std::optional<std::string> decode_url(std::string_view text) {
  if (text.find_first_of("+/=") != std::string_view::npos) return std::nullopt;
  std::string standard(text);
  std::replace(standard.begin(), standard.end(), '-', '+');
  std::replace(standard.begin(), standard.end(), '_', '/');
  std::string out(max_decoded(standard.size()), '\0');
  const auto size = decode(standard, {reinterpret_cast<std::uint8_t*>(out.data()), out.size()});
  if (!size) return std::nullopt;
  out.resize(*size);
  return out;
}

std::string encode_url(std::string_view bytes) {
  std::string out = encode(bytes);
  out.erase(std::find(out.begin(), out.end(), '='), out.end());
  std::replace(out.begin(), out.end(), '+', '-');
  std::replace(out.begin(), out.end(), '/', '_');
  return out;
}

}  // namespace trunkline::base64
