#pragma once

#include "unit/net/wire.hpp"

#include <trunkline/net/websocket_codec.hpp>

#include <algorithm>
#include <string>
#include <vector>

namespace trunkline::test {

/// One thing a decoder reported, with its payload copied out.
struct Heard {
  net::WebSocketDecoder::Kind kind;
  std::string payload;
  net::CloseCode code;

  friend bool operator==(const Heard&, const Heard&) = default;
};

/// Feeds `input` in pieces of `piece` bytes, as a connection does, until its end or the first violation.
inline std::vector<Heard> decode(net::WebSocketDecoder decoder, const Bytes& input, std::size_t piece) {
  using Kind = net::WebSocketDecoder::Kind;
  std::vector<Heard> heard;
  Bytes buffer;
  for (std::size_t at = 0; at < input.size(); at += piece) {
    const auto end = std::min(at + piece, input.size());
    buffer.insert(buffer.end(), input.begin() + static_cast<std::ptrdiff_t>(at),
                  input.begin() + static_cast<std::ptrdiff_t>(end));
    std::size_t begin = 0;
    while (true) {
      const auto step = decoder.next(std::span(buffer).subspan(begin));
      if (step.kind == Kind::need_more && step.consumed == 0) break;
      if (step.kind != Kind::need_more) heard.push_back({step.kind, text(step.payload), step.code});
      if (step.kind == Kind::violation) return heard;
      begin += step.consumed;
    }
    buffer.erase(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(begin));
  }
  return heard;
}

}  // namespace trunkline::test
