#include "unit/net/decode.hpp"

#include <catch2/catch.hpp>

#include <random>

using namespace trunkline::net;
using namespace trunkline::test;

namespace {

// Conversations that a decent client may have: messages whole and in fragments, control frames anywhere.
class Talker {
 public:
  explicit Talker(unsigned seed) : random_(seed) {}

  Bytes conversation() {
    Bytes out;
    for (int messages = number(1, 8); messages > 0; --messages) out = out + message();
    return out;
  }

  int number(int low, int high) { return std::uniform_int_distribution(low, high)(random_); }

 private:
  Bytes message() {
    const std::uint8_t opcode = number(0, 1) == 0 ? 1 : 2;
    Bytes out;
    const int fragments = number(1, 5);
    for (int i = 0; i < fragments; ++i) {
      if (number(0, 2) == 0) out = out + from_client(fin | (number(0, 1) == 0 ? 9 : 10), words(number(0, 125)));
      const int first = (i == 0 ? opcode : 0) | (i + 1 == fragments ? fin : 0);
      out = out + from_client(static_cast<std::uint8_t>(first),
                              words(number(0, 9) == 0 ? number(126, 70'000) : number(0, 200)));
    }
    return out;
  }

  std::string words(int size) {
    std::string out(static_cast<std::size_t>(size), ' ');
    for (char& c : out) c = static_cast<char>(number('a', 'z'));
    return out;
  }

  std::mt19937 random_;
};

}  // namespace

TEST_CASE("how the bytes are cut into reads makes no difference") {
  const unsigned seed = GENERATE(range(0U, 40U));
  CAPTURE(seed);
  Talker talker(seed);
  const Bytes input = talker.conversation();
  const WebSocketDecoder decoder(Role::server, 1 << 20);
  const auto whole = decode(decoder, input, input.size());
  CHECK_FALSE(whole.empty());
  const auto piece = static_cast<std::size_t>(talker.number(2, 3000));
  CHECK(decode(decoder, input, piece) == whole);
  if (input.size() < 20'000) CHECK(decode(decoder, input, 1) == whole);
}

TEST_CASE("broken conversations end alike however they are cut") {
  const unsigned seed = GENERATE(range(100U, 200U));
  CAPTURE(seed);
  Talker talker(seed);
  Bytes input = talker.conversation();
  input.resize(std::min<std::size_t>(input.size(), 4000));
  for (int flips = talker.number(1, 4); flips > 0; --flips) {
    input[static_cast<std::size_t>(talker.number(0, static_cast<int>(input.size()) - 1))] ^=
        static_cast<std::uint8_t>(talker.number(1, 255));
  }
  const WebSocketDecoder decoder(Role::server, 64 * 1024);
  CHECK(decode(decoder, input, 1) == decode(decoder, input, input.size()));
}

TEST_CASE("what is encoded is decoded") {
  const unsigned seed = GENERATE(range(0U, 20U));
  Talker talker(seed);
  Bytes payload(static_cast<std::size_t>(talker.number(0, 70'000)));
  for (auto& byte : payload) byte = static_cast<std::uint8_t>(talker.number(0, 255));
  const std::uint8_t mask[4] = {1, 0, 0xFF, static_cast<std::uint8_t>(seed)};
  const bool masked = talker.number(0, 1) == 1;
  Bytes wire;
  append_frame(wire, Opcode::binary, payload, masked ? mask : nullptr);
  const auto heard = decode({masked ? Role::server : Role::client, 1 << 20}, wire, wire.size());
  REQUIRE(heard.size() == 1);
  CHECK(heard[0].payload == text(payload));
}
