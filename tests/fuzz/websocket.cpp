#include "fuzz.hpp"

#include <trunkline/net/websocket_codec.hpp>

#include <algorithm>
#include <span>
#include <string>
#include <vector>

using namespace trunkline::fuzz;
using namespace trunkline::net;

namespace {

using Kind = WebSocketDecoder::Kind;

constexpr std::size_t max_message = 512;

struct Heard {
  Kind kind;
  CloseCode code;
  std::string payload;

  friend bool operator==(const Heard&, const Heard&) = default;
};

// Everything that `input` says when it arrives `piece` bytes at a time, up to the first violation.
std::vector<Heard> listen(Role role, std::span<const std::uint8_t> input, std::size_t piece) {
  WebSocketDecoder decoder(role, max_message);
  std::vector<Heard> heard;
  std::vector<std::uint8_t> buffer;
  while (!input.empty()) {
    const auto arrived = input.first(std::min(piece, input.size()));
    buffer.insert(buffer.end(), arrived.begin(), arrived.end());
    input = input.subspan(arrived.size());
    std::size_t begin = 0;
    while (true) {
      const auto rest = std::span(buffer).subspan(begin);
      const auto step = decoder.next(rest);
      must(step.consumed <= rest.size());
      must(step.payload.size() <= std::max<std::size_t>(max_message, 125));
      if (step.kind == Kind::need_more && step.consumed == 0) {
        must(step.wanted == 0 || (step.wanted > rest.size() && step.wanted <= max_message + 14));
        break;
      }
      if (step.kind != Kind::need_more)
        heard.push_back({step.kind, step.code, {step.payload.begin(), step.payload.end()}});
      if (step.kind == Kind::violation) return heard;
      must(step.consumed >= 2);
      begin += step.consumed;
    }
    buffer.erase(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(begin));
  }
  return heard;
}

// What a data frame said can be said again.
void must_survive_encoding(const Heard& heard) {
  const auto opcode = heard.kind == Kind::text ? Opcode::text : Opcode::binary;
  const std::uint8_t mask[4] = {0x12, 0x00, 0xFF, 0x80};
  const std::vector<std::uint8_t> payload(heard.payload.begin(), heard.payload.end());
  std::vector<std::uint8_t> wire;
  append_frame(wire, opcode, payload, mask);
  must(listen(Role::server, wire, wire.size()) == std::vector<Heard>{{heard.kind, CloseCode::normal, heard.payload}});
}

}  // namespace

// The first byte chooses the role; the rest means the same whole and byte by byte.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const Role role = (data[0] & 1) != 0 ? Role::client : Role::server;
  const std::span input(data + 1, size - 1);
  const auto whole = listen(role, input, input.size());
  must(listen(role, input, 1) == whole);
  for (const auto& heard : whole) {
    if (heard.kind == Kind::text || heard.kind == Kind::binary) must_survive_encoding(heard);
  }
  return 0;
}
