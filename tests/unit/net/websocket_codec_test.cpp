#include "unit/net/decode.hpp"

#include <catch2/catch.hpp>

using namespace trunkline::net;
using namespace trunkline::test;
using Kind = WebSocketDecoder::Kind;

namespace {

constexpr std::size_t roomy = 1 << 20;

WebSocketDecoder server(std::size_t max = roomy) {
  return {Role::server, max};
}

std::vector<Heard> at_server(const Bytes& input, std::size_t max = roomy) {
  return decode(server(max), input, input.size());
}

// The one thing heard, which must be a violation.
CloseCode violation_of(const Bytes& input, std::size_t max = roomy) {
  const auto heard = at_server(input, max);
  REQUIRE_FALSE(heard.empty());
  CHECK(heard.back().kind == Kind::violation);
  return heard.back().code;
}

Bytes close_frame(std::uint16_t code, std::string_view reason = "") {
  return frame(fin | 8, Bytes{static_cast<std::uint8_t>(code >> 8), static_cast<std::uint8_t>(code)} + bytes(reason),
               true);
}

}  // namespace

TEST_CASE("the answer to a key is the one of RFC 6455 section 1.3") {
  CHECK(accept_key("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST_CASE("the example frames of RFC 6455 section 5.7 are understood") {
  const Bytes unmasked{0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f};
  const Bytes masked{0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58};
  const Bytes fragmented{0x01, 0x03, 0x48, 0x65, 0x6c, 0x80, 0x02, 0x6c, 0x6f};
  const std::vector<Heard> hello{{Kind::text, "Hello", CloseCode::normal}};
  CHECK(decode({Role::client, roomy}, unmasked, unmasked.size()) == hello);
  CHECK(at_server(masked) == hello);
  CHECK(decode({Role::client, roomy}, fragmented, fragmented.size()) == hello);
}

TEST_CASE("every length form carries its payload, in both directions and of every kind") {
  const std::size_t size = GENERATE(0, 1, 7, 8, 9, 125, 126, 127, 65535, 65536, 100'000);
  const bool masked = GENERATE(true, false);
  const bool is_text = GENERATE(true, false);
  CAPTURE(size, masked, is_text);
  Bytes payload(size);
  for (std::size_t i = 0; i < size; ++i) payload[i] = static_cast<std::uint8_t>(is_text ? 'a' + i % 26 : i * 31);

  const Bytes input = frame(fin | (is_text ? 1 : 2), payload, masked);
  const auto heard = decode({masked ? Role::server : Role::client, roomy}, input, input.size());
  REQUIRE(heard.size() == 1);
  CHECK(heard[0].kind == (is_text ? Kind::text : Kind::binary));
  CHECK(heard[0].payload == text(payload));
}

TEST_CASE("what the encoder writes is the frame by the book") {
  const std::size_t size = GENERATE(0, 1, 125, 126, 65535, 65536);
  const bool masked = GENERATE(true, false);
  const Opcode opcode = GENERATE(Opcode::text, Opcode::binary);
  const Bytes payload(size, 'x');
  const std::uint8_t mask[4] = {0x37, 0xFA, 0x21, 0x3D};
  Bytes out{1, 2, 3};
  append_frame(out, opcode, payload, masked ? mask : nullptr);
  CHECK(out == Bytes{1, 2, 3} + frame(static_cast<std::uint8_t>(fin | static_cast<int>(opcode)), payload, masked));
}

TEST_CASE("an incomplete frame says what the whole of it takes") {
  Bytes input = from_client(fin | 2, std::string(300, 'x'));
  auto decoder = server();
  for (std::size_t have = 0; have < 8; ++have) {
    const auto step = decoder.next(std::span(input).first(have));
    CHECK(step.kind == Kind::need_more);
    CHECK(step.wanted == 0);
  }
  const auto step = decoder.next(std::span(input).first(8));
  CHECK(step.kind == Kind::need_more);
  CHECK(step.consumed == 0);
  CHECK(step.wanted == input.size());
}

TEST_CASE("a message in one frame is handed out where it lies") {
  Bytes input = from_client(fin | 2, "payload");
  auto decoder = server();
  const auto step = decoder.next(input);
  CHECK(step.payload.data() == input.data() + 6);
  CHECK(step.consumed == input.size());
}

TEST_CASE("fragments become one message, with control frames between them") {
  const Bytes input = from_client(1, "Grüß ") + from_client(fin | 9, "are you there") + from_client(0, "") +
                      from_client(0, "Gott, ") + from_client(fin | 10, "") + from_client(fin | 0, "Welt") +
                      from_client(fin | 2, "next");
  CHECK(at_server(input) == std::vector<Heard>{{Kind::ping, "are you there", CloseCode::normal},
                                               {Kind::pong, "", CloseCode::normal},
                                               {Kind::text, "Grüß Gott, Welt", CloseCode::normal},
                                               {Kind::binary, "next", CloseCode::normal}});
}

TEST_CASE("a character may be cut in two by fragmentation") {
  const std::string euro = "€";
  const Bytes input = from_client(1, euro.substr(0, 1)) + from_client(fin | 0, euro.substr(1));
  CHECK(at_server(input) == std::vector<Heard>{{Kind::text, euro, CloseCode::normal}});
}

TEST_CASE("a fragmented binary message may hold any bytes") {
  const Bytes input = from_client(2, "\xFF\xFE") + from_client(fin | 0, "\xC0");
  CHECK(at_server(input) == std::vector<Heard>{{Kind::binary, "\xFF\xFE\xC0", CloseCode::normal}});
}

TEST_CASE("a control frame of 125 bytes passes, also beside a message that is at its limit") {
  const std::string longest(125, 'p');
  CHECK(at_server(from_client(fin | 9, longest)) == std::vector<Heard>{{Kind::ping, longest, CloseCode::normal}});

  const Bytes input = from_client(2, std::string(16, 'x')) + from_client(fin | 9, longest) + from_client(fin | 0, "");
  const auto heard = at_server(input, 16);
  REQUIRE(heard.size() == 2);
  CHECK(heard[0].kind == Kind::ping);
  CHECK(heard[1] == Heard{Kind::binary, std::string(16, 'x'), CloseCode::normal});
}

TEST_CASE("each reserved bit is a violation") {
  const std::uint8_t bit = GENERATE(0x40, 0x20, 0x10);
  CHECK(violation_of(from_client(static_cast<std::uint8_t>(fin | bit | 1), "x")) == CloseCode::protocol_error);
}

TEST_CASE("each unknown opcode is a violation") {
  const int opcode = GENERATE(3, 4, 5, 6, 7, 11, 12, 13, 14, 15);
  CHECK(violation_of(from_client(static_cast<std::uint8_t>(fin | opcode), "x")) == CloseCode::protocol_error);
}

TEST_CASE("a client must mask and a server must not") {
  CHECK(violation_of(from_server(fin | 1, "x")) == CloseCode::protocol_error);
  const Bytes masked = from_client(fin | 1, "x");
  const auto heard = decode({Role::client, roomy}, masked, masked.size());
  REQUIRE(heard.size() == 1);
  CHECK(heard[0].kind == Kind::violation);
  CHECK(heard[0].code == CloseCode::protocol_error);
}

TEST_CASE("a control frame is neither long nor fragmented") {
  const std::uint8_t opcode = GENERATE(8, 9, 10);
  CHECK(violation_of(from_client(static_cast<std::uint8_t>(fin | opcode), std::string(126, 'x'))) ==
        CloseCode::protocol_error);
  CHECK(violation_of(from_client(opcode, "")) == CloseCode::protocol_error);
}

TEST_CASE("a continuation needs a start, and a start needs the end of the message before") {
  CHECK(violation_of(from_client(0, "x")) == CloseCode::protocol_error);
  CHECK(violation_of(from_client(fin | 0, "x")) == CloseCode::protocol_error);
  CHECK(violation_of(from_client(1, "x") + from_client(1, "y")) == CloseCode::protocol_error);
  CHECK(violation_of(from_client(1, "x") + from_client(fin | 2, "y")) == CloseCode::protocol_error);
  CHECK(violation_of(from_client(1, "x") + from_client(fin | 0, "y") + from_client(fin | 0, "z")) ==
        CloseCode::protocol_error);
}

TEST_CASE("text that is not UTF-8 is refused") {
  const std::string bad =
      GENERATE(as<std::string>{}, "\xFF", "\xC0\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "a\xE2\x82");
  CHECK(violation_of(from_client(fin | 1, bad)) == CloseCode::invalid_payload);
  CHECK(violation_of(from_client(1, bad) + from_client(fin | 0, "")) == CloseCode::invalid_payload);
}

TEST_CASE("a length is written in its shortest form") {
  CHECK(violation_of({fin | 2, mask_bit | 126, 0, 125}) == CloseCode::protocol_error);
  CHECK(violation_of({fin | 2, mask_bit | 127, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF}) == CloseCode::protocol_error);
}

TEST_CASE("a message may be as large as the limit and not a byte more") {
  CHECK(at_server(from_client(fin | 2, std::string(200, 'x')), 200).at(0).kind == Kind::binary);
  CHECK(violation_of(from_client(fin | 2, std::string(201, 'x')), 200) == CloseCode::too_big);

  const Bytes start = from_client(2, std::string(150, 'x'));
  CHECK(at_server(start + from_client(fin | 0, std::string(50, 'y')), 200).at(0).payload.size() == 200);
  CHECK(violation_of(start + from_client(fin | 0, std::string(51, 'y')), 200) == CloseCode::too_big);
}

TEST_CASE("the size is refused from the header alone, up to the largest that can be written") {
  const std::uint8_t high = GENERATE(0x00, 0x7F, 0x80, 0xFF);
  const Bytes header{fin | 2, mask_bit | 127, high, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1, 2, 3, 4};
  CHECK(violation_of(header) == CloseCode::too_big);
  const Bytes continued{fin | 0, mask_bit | 127, high, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1, 2, 3, 4};
  CHECK(violation_of(from_client(2, "x") + continued) == CloseCode::too_big);
}

TEST_CASE("a close frame may be empty or carry a code and a reason") {
  CHECK(at_server(from_client(fin | 8, "")) == std::vector<Heard>{{Kind::close, "", CloseCode::no_status}});
  CHECK(at_server(close_frame(1000)) == std::vector<Heard>{{Kind::close, "", CloseCode::normal}});
  CHECK(at_server(close_frame(1001, "adé")) == std::vector<Heard>{{Kind::close, "adé", CloseCode::going_away}});
  CHECK(at_server(close_frame(4999)).at(0).kind == Kind::close);
}

TEST_CASE("close codes that never travel are violations") {
  const int code = GENERATE(0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535);
  CAPTURE(code);
  CHECK(violation_of(close_frame(static_cast<std::uint16_t>(code))) == CloseCode::protocol_error);
}

TEST_CASE("close codes of RFC 6455, of the registry and of applications are accepted") {
  const int code = GENERATE(1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000);
  CAPTURE(code);
  CHECK(at_server(close_frame(static_cast<std::uint16_t>(code))).at(0).kind == Kind::close);
}

TEST_CASE("half a close code, or a reason that is not UTF-8, is a violation") {
  CHECK(violation_of(from_client(fin | 8, "\x03")) == CloseCode::protocol_error);
  CHECK(violation_of(close_frame(1000, "\xFF")) == CloseCode::invalid_payload);
}

TEST_CASE("a close reason is cut to what a control frame holds, never inside a character") {
  CHECK(close_payload(CloseCode::no_status, "ignored").empty());
  CHECK(close_payload(CloseCode::abnormal, "ignored").empty());
  CHECK(close_payload(CloseCode::normal, "bye") == Bytes{0x03, 0xE8, 'b', 'y', 'e'});
  CHECK(close_payload(CloseCode::normal, std::string(123, 'x')).size() == 125);
  CHECK(close_payload(CloseCode::normal, std::string(124, 'x')).size() == 125);
  CHECK(close_payload(CloseCode::normal, std::string(122, 'x') + "€").size() == 124);
  CHECK(close_payload(CloseCode::normal, std::string(120, 'x') + "€€").size() == 125);
}
