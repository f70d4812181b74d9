#include "wire.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <strings.h>

#include <charconv>
#include <cstring>

namespace streamload {
namespace {

constexpr std::size_t max_payload = std::size_t{1} << 20;

}  // namespace

std::string_view as_text(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string base64(std::span<const std::uint8_t> bytes) {
  std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), bytes.data(), static_cast<int>(bytes.size()));
  out.resize(static_cast<std::size_t>(size));
  return out;
}

std::string hmac_sha1(std::string_view key, std::string_view message) {
  std::uint8_t digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  HMAC(EVP_sha1(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(message.data()),
       message.size(), digest, &size);
  return base64({digest, size});
}

std::string accept_key(std::string_view key) {
  const std::string text = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::uint8_t digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha1(), nullptr);
  return base64({digest, size});
}

std::string_view header_of(std::string_view head, std::string_view name) {
  for (std::size_t at = head.find("\r\n"); at != head.npos; at = head.find("\r\n", at)) {
    at += 2;
    const std::string_view line = head.substr(at, head.find("\r\n", at) - at);
    if (line.size() <= name.size() || line[name.size()] != ':') continue;
    if (strncasecmp(line.data(), name.data(), name.size()) != 0) continue;
    const std::size_t begin = line.find_first_not_of(' ', name.size() + 1);
    return begin == line.npos ? std::string_view{} : line.substr(begin);
  }
  return {};
}

std::optional<HttpMessage> whole_message(std::string_view text) {
  const std::size_t head_end = text.find("\r\n\r\n");
  if (head_end == text.npos) return std::nullopt;
  const std::string_view head = text.substr(0, head_end + 2);
  std::size_t length = 0;
  const std::string_view value = header_of(head, "Content-Length");
  std::from_chars(value.data(), value.data() + value.size(), length);
  const std::string_view body = text.substr(head_end + 4);
  if (body.size() < length) return std::nullopt;
  return HttpMessage{head, body.substr(0, length), head_end + 4 + length};
}

std::size_t header_size(std::size_t payload, bool masked) {
  return 2U + (payload > 0xFFFF ? 8U : payload > 125 ? 2U : 0U) + (masked ? 4U : 0U);
}

std::uint8_t* put_header(std::uint8_t* at, Opcode opcode, std::size_t payload, bool masked, std::uint32_t mask) {
  const std::uint8_t mask_bit = masked ? 0x80 : 0;
  *at++ = static_cast<std::uint8_t>(0x80 | static_cast<std::uint8_t>(opcode));
  const unsigned extra = payload > 0xFFFF ? 8 : payload > 125 ? 2 : 0;
  *at++ = static_cast<std::uint8_t>(mask_bit | (extra == 8 ? 127 : extra == 2 ? 126 : payload));
  for (unsigned i = extra; i > 0; --i) *at++ = static_cast<std::uint8_t>(payload >> (8 * (i - 1)));
  if (masked) {
    std::memcpy(at, &mask, sizeof mask);
    at += sizeof mask;
  }
  return at;
}

void apply_mask(std::span<std::uint8_t> payload, std::uint32_t mask) {
  const std::uint64_t wide = static_cast<std::uint64_t>(mask) << 32 | mask;
  std::size_t i = 0;
  for (; i + 8 <= payload.size(); i += 8) {
    std::uint64_t chunk = 0;
    std::memcpy(&chunk, payload.data() + i, 8);
    chunk ^= wide;
    std::memcpy(payload.data() + i, &chunk, 8);
  }
  for (; i < payload.size(); ++i) payload[i] ^= static_cast<std::uint8_t>(mask >> (8 * (i & 3)));
}

std::string make_frame(Opcode opcode, std::string_view payload, bool masked) {
  constexpr std::uint32_t mask = 0x5EC0DE37;
  std::string frame(header_size(payload.size(), masked), '\0');
  put_header(reinterpret_cast<std::uint8_t*>(frame.data()), opcode, payload.size(), masked, mask);
  const std::size_t header = frame.size();
  frame += payload;
  if (masked) apply_mask({reinterpret_cast<std::uint8_t*>(frame.data()) + header, payload.size()}, mask);
  return frame;
}

std::size_t FrameReader::read(std::span<std::uint8_t> input, const OnFrame& on_frame) {
  std::size_t used = 0;
  while (input.size() - used >= 2) {
    std::uint8_t* head = input.data() + used;
    const std::size_t available = input.size() - used;
    const bool whole_message = (head[0] & 0xF0) == 0x80 && (head[0] & 0x0F) != 0;
    std::size_t length = head[1] & 0x7F;
    const std::size_t extra = length == 127 ? 8 : length == 126 ? 2 : 0;
    const bool masked = (head[1] & 0x80) != 0;
    const std::size_t size = 2 + extra + (masked ? 4U : 0U);
    if (available < size) break;
    if (extra > 0) length = 0;
    for (std::size_t i = 0; i < extra; ++i) length = length << 8 | head[2 + i];
    if (!whole_message || length > max_payload) return failed;
    if (available < size + length) break;
    const std::span payload(head + size, length);
    if (masked) {
      std::uint32_t mask = 0;
      std::memcpy(&mask, head + size - 4, sizeof mask);
      apply_mask(payload, mask);
    }
    used += size + length;
    if (!on_frame(static_cast<Opcode>(head[0] & 0x0F), payload)) break;
  }
  return used;
}

}  // namespace streamload
