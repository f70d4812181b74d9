#include <trunkline/base/base64.hpp>

#include <catch2/catch.hpp>

#include <vector>

using namespace trunkline;

namespace {

std::optional<std::string> decoded(std::string_view text, std::size_t room = 64) {
  std::vector<std::uint8_t> out(room);
  const auto size = base64::decode(text, out);
  if (!size) return std::nullopt;
  return std::string(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(*size));
}

}  // namespace

TEST_CASE("base64 gives the vectors of RFC 4648, both ways") {
  const std::pair<std::string, std::string> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, text] : vectors) {
    CHECK(base64::encode(plain) == text);
    CHECK(decoded(text) == plain);
    CHECK(decoded(text.substr(0, text.find('='))) == plain);
  }
}

TEST_CASE("every byte survives base64 at every place") {
  for (std::size_t before = 0; before < 3; ++before) {
    for (int byte = 0; byte < 256; ++byte) {
      const std::string plain = std::string(before, 'x') + static_cast<char>(byte);
      CHECK(decoded(base64::encode(plain)) == plain);
      CHECK(base64::decode_url(base64::encode_url(plain)) == plain);
    }
  }
}

TEST_CASE("foreign characters and broken lengths are refused") {
  for (const std::string_view text : {"A", "AAAAA", "=", "==", "====", "A===", "AA=", "AAA==", "AA=A", "AAA!", "AA A",
                                      "AA\n=", "AAAA=", "AAAA====", "\xFF\xFF\xFF\xFF", "AA-_", "=AAA"}) {
    INFO(text);
    CHECK_FALSE(decoded(text).has_value());
  }
}

TEST_CASE("decoding never writes past the room it is given") {
  CHECK_FALSE(decoded("Zm9vYmFy", 5).has_value());
  CHECK(decoded("Zm9vYmFy", 6) == "foobar");
  CHECK(decoded("Zm9vYmE=", 5) == "fooba");
  CHECK(decoded("", 0) == "");
  for (std::size_t size = 0; size < 20; ++size) CHECK(base64::max_decoded(size) >= size / 4 * 3 + 2);
}

TEST_CASE("append keeps what was there") {
  std::string out = "data:";
  const std::uint8_t bytes[] = {0xFB, 0xEF, 0xBE};
  base64::append(out, bytes);
  CHECK(out == "data:++++");
}

TEST_CASE("the URL alphabet has no padding and no foreign characters") {
  CHECK(base64::encode_url("\xFB\xEF\xFF\xFE") == "--___g");
  CHECK(base64::decode_url("--___g") == "\xFB\xEF\xFF\xFE");
  for (const auto* text : {"++++", "////", "Zg==", "Z"}) CHECK_FALSE(base64::decode_url(text).has_value());
}
