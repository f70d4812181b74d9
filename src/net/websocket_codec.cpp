#include <trunkline/base/base64.hpp>
#include <trunkline/base/text.hpp>
#include <trunkline/net/websocket_codec.hpp>

#include <openssl/evp.h>

#include <algorithm>
#include <cstring>

namespace trunkline::net {
namespace {

constexpr std::size_t max_control_payload = 125;

void apply_mask(std::uint8_t* data, std::size_t size, const std::uint8_t* mask) {
  std::uint64_t wide = 0;
  for (unsigned i = 0; i < 8; ++i) std::memcpy(reinterpret_cast<std::uint8_t*>(&wide) + i, mask + (i & 3), 1);
  std::size_t i = 0;
  for (; i + 8 <= size; i += 8) {
    std::uint64_t chunk = 0;
    std::memcpy(&chunk, data + i, 8);
    chunk ^= wide;
    std::memcpy(data + i, &chunk, 8);
  }
  for (; i < size; ++i) data[i] ^= mask[i & 3];
}

WebSocketDecoder::Step violation(CloseCode code, std::string_view reason) {
  WebSocketDecoder::Step step;
  step.kind = WebSocketDecoder::Kind::violation;
  step.code = code;
  step.reason = reason;
  return step;
}

WebSocketDecoder::Step need_more(std::size_t wanted) {
  WebSocketDecoder::Step step;
  step.wanted = wanted;
  return step;
}

// RFC 6455 section 7.4: what may stand in a close frame.
bool is_sendable(std::uint16_t code) {
  return (code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006) ||
         (code >= 3000 && code <= 4999);
}

std::string_view as_text(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

WebSocketDecoder::Step WebSocketDecoder::next(std::span<std::uint8_t> input) {
  if (input.size() < 2) return need_more(0);
  FrameHeader header;
  header.fin = (input[0] & 0x80) != 0;
  header.opcode = static_cast<Opcode>(input[0] & 0x0F);
  const bool masked = (input[1] & 0x80) != 0;
  header.length = input[1] & 0x7F;
  header.size = 2;
  if ((input[0] & 0x70) != 0) return violation(CloseCode::protocol_error, "reserved bits are set");
  if (masked != (role_ == Role::server)) {
    return violation(CloseCode::protocol_error, masked ? "a server must not mask" : "a client must mask");
  }
  if (header.length >= 126) {
    const std::size_t extra = header.length == 126 ? 2 : 8;
    if (input.size() < header.size + extra) return need_more(0);
    header.length = 0;
    for (std::size_t i = 0; i < extra; ++i) header.length = header.length << 8 | input[2 + i];
    header.size += extra;
    if (header.length < (extra == 2 ? 126U : 0x10000U)) {
      return violation(CloseCode::protocol_error, "the length is not in its shortest form");
    }
  }
  if (masked) {
    if (input.size() < header.size + 4) return need_more(0);
    std::memcpy(header.mask, input.data() + header.size, 4);
    header.size += 4;
  }
  const bool is_control = static_cast<std::uint8_t>(header.opcode) >= 8;
  if (is_control && (!header.fin || header.length > max_control_payload)) {
    return violation(CloseCode::protocol_error, "a control frame is fragmented or too long");
  }
  // Fragments are never more than max_message_, so that nothing can overflow here.
  if (!is_control && header.length > max_message_ - fragments_.size()) {
    return violation(CloseCode::too_big, "the message is too long");
  }
  const std::size_t total = header.size + header.length;
  if (input.size() < total) return need_more(total);

  const auto payload = input.subspan(header.size, header.length);
  if (masked) apply_mask(payload.data(), payload.size(), header.mask);
  return is_control ? control(header, payload, total) : data(header, payload, total);
}

WebSocketDecoder::Step WebSocketDecoder::control(const FrameHeader& header, std::span<std::uint8_t> payload,
                                                 std::size_t consumed) const {
  Step step;
  step.consumed = consumed;
  step.payload = payload;
  switch (header.opcode) {
    case Opcode::ping:
      step.kind = Kind::ping;
      return step;
    case Opcode::pong:
      step.kind = Kind::pong;
      return step;
    case Opcode::close:
      break;
    default:
      return violation(CloseCode::protocol_error, "unknown opcode");
  }
  step.kind = Kind::close;
  if (payload.empty()) {
    step.code = CloseCode::no_status;
    return step;
  }
  const auto code = payload.size() < 2 ? std::uint16_t{0} : static_cast<std::uint16_t>(payload[0] << 8 | payload[1]);
  if (!is_sendable(code)) return violation(CloseCode::protocol_error, "invalid close code");
  if (!text::is_utf8(as_text(payload.subspan(2)))) {
    return violation(CloseCode::invalid_payload, "the close reason is not UTF-8");
  }
  step.code = static_cast<CloseCode>(code);
  step.payload = payload.subspan(2);
  return step;
}

WebSocketDecoder::Step WebSocketDecoder::data(const FrameHeader& header, std::span<std::uint8_t> payload,
                                              std::size_t consumed) {
  const bool starts = header.opcode != Opcode::continuation;
  if (starts && header.opcode != Opcode::text && header.opcode != Opcode::binary) {
    return violation(CloseCode::protocol_error, "unknown opcode");
  }
  if (starts == in_message_) {
    return violation(CloseCode::protocol_error, starts ? "a message began inside a message" : "nothing to continue");
  }
  if (starts && header.fin) return message(header.opcode, payload, consumed);

  if (starts) {
    message_opcode_ = header.opcode;
    fragments_.clear();
  }
  fragments_.insert(fragments_.end(), payload.begin(), payload.end());
  in_message_ = !header.fin;
  if (in_message_) {
    Step step;
    step.consumed = consumed;
    return step;
  }
  assembled_.swap(fragments_);
  fragments_.clear();
  return message(message_opcode_, assembled_, consumed);
}

WebSocketDecoder::Step WebSocketDecoder::message(Opcode opcode, std::span<std::uint8_t> payload,
                                                 std::size_t consumed) const {
  if (opcode == Opcode::text && !text::is_utf8(as_text(payload))) {
    return violation(CloseCode::invalid_payload, "a text message is not UTF-8");
  }
  Step step;
  step.kind = opcode == Opcode::text ? Kind::text : Kind::binary;
  step.consumed = consumed;
  step.payload = payload;
  return step;
}

void append_frame(std::vector<std::uint8_t>& out, Opcode opcode, std::span<const std::uint8_t> payload,
                  const std::uint8_t* mask) {
  std::uint8_t header[14];
  std::size_t size = 2;
  header[0] = static_cast<std::uint8_t>(0x80 | static_cast<std::uint8_t>(opcode));
  if (payload.size() < 126) {
    header[1] = static_cast<std::uint8_t>(payload.size());
  } else {
    const unsigned bytes = payload.size() <= 0xFFFF ? 2 : 8;
    header[1] = bytes == 2 ? 126 : 127;
    for (unsigned i = 0; i < bytes; ++i)
      header[size++] = static_cast<std::uint8_t>(payload.size() >> (8 * (bytes - 1 - i)));
  }
  if (mask != nullptr) {
    header[1] |= 0x80;
    std::memcpy(header + size, mask, 4);
    size += 4;
  }
  out.insert(out.end(), header, header + size);
  out.insert(out.end(), payload.begin(), payload.end());
  if (mask != nullptr) apply_mask(out.data() + out.size() - payload.size(), payload.size(), mask);
}

std::vector<std::uint8_t> close_payload(CloseCode code, std::string_view reason) {
  if (code == CloseCode::no_status || code == CloseCode::abnormal) return {};
  std::size_t size = std::min(reason.size(), max_control_payload - 2);
  // A character cut in two would make the peer fail the connection.
  while (size > 0 && size < reason.size() && (static_cast<unsigned char>(reason[size]) & 0xC0) == 0x80) --size;
  const auto number = static_cast<std::uint16_t>(code);
  std::vector<std::uint8_t> payload(2 + size);
  payload[0] = static_cast<std::uint8_t>(number >> 8);
  payload[1] = static_cast<std::uint8_t>(number);
  std::ranges::copy(reason.substr(0, size), payload.begin() + 2);
  return payload;
}

std::string accept_key(std::string_view key) {
  const std::string text = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha1(), nullptr);
  return base64::encode({reinterpret_cast<const char*>(digest), size});
}

}  // namespace trunkline::net
