#include <trunkline/base/text.hpp>

#include <catch2/catch.hpp>

#include <limits>

using namespace trunkline::text;

TEST_CASE("percent decoding leaves alone what is not encoded") {
  CHECK(percent_decode("a%20b+c%2B", false) == "a b+c+");
  CHECK(percent_decode("a%20b+c%2B", true) == "a b c+");
  CHECK(percent_decode("%", true) == "%");
  CHECK(percent_decode("%4", true) == "%4");
  CHECK(percent_decode("%g1%1g", true) == "%g1%1g");
  CHECK(percent_decode("%aF%Af", true) == "\xAF\xAF");
}

TEST_CASE("percent encoding escapes all but unreserved characters") {
  CHECK(percent_encode("aZ09-._~") == "aZ09-._~");
  CHECK(percent_encode(" +/\xC3\xBC") == "%20%2B%2F%C3%BC");
}

TEST_CASE("comparison and lower case know ASCII only") {
  CHECK(iequals("Content-TYPE", "content-type"));
  CHECK_FALSE(iequals("a", "ab"));
  CHECK_FALSE(iequals("ab", "a"));
  CHECK_FALSE(iequals("[", "{"));
  CHECK(lower("ABC\xC3\x9C-Z") == "abc\xC3\x9C-z");
}

TEST_CASE("trim takes blanks from both ends") {
  CHECK(trim(" \t\r\na b\n ") == "a b");
  CHECK(trim(" \n").empty());
  CHECK(trim("").empty());
}

TEST_CASE("split keeps empty parts") {
  using Parts = std::vector<std::string_view>;
  CHECK(split("a,b", ',') == Parts{"a", "b"});
  CHECK(split(",", ',') == Parts{"", ""});
  CHECK(split("", ',') == Parts{""});
}

TEST_CASE("numbers are whole texts without sign, blank or overflow") {
  CHECK(to_int("-9223372036854775808") == std::numeric_limits<std::int64_t>::min());
  CHECK(to_uint("18446744073709551615") == std::numeric_limits<std::uint64_t>::max());
  CHECK(to_uint("007") == 7);
  for (const auto* text : {"", "+1", " 1", "1 ", "1.0", "0x1", "9223372036854775808", "--1"}) {
    INFO(text);
    CHECK_FALSE(to_int(text).has_value());
  }
  for (const auto* text : {"", "-1", "+1", "18446744073709551616"}) CHECK_FALSE(to_uint(text).has_value());
}

TEST_CASE("a number is masked but for its ends") {
  CHECK(mask_number("+14155550123") == "+1415*****23");
  CHECK(mask_number("+491234") == "+49**34");
  CHECK(mask_number("123456") == "******");
  CHECK(mask_number("").empty());
}

TEST_CASE("HTML metacharacters become entities and control characters go") {
  CHECK(escape_html("<a href=\"x\">'&'</a>") == "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/a&gt;");
  CHECK(escape_html(std::string("a\0b\x1B\x7F\tc\nd\r", 10)) == "ab\tc\nd");
  CHECK(escape_html("\xC3\xBC\xFF") == "\xC3\xBC\xEF\xBF\xBD");
}

TEST_CASE("UTF-8 is told from what is not") {
  for (const std::string_view good :
       {"", "plain ASCII of more than eight bytes", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF",
        "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF", "1234567\xC3\xBC", "12345678\xC3\xBC"}) {
    CHECK(is_utf8(good));
    CHECK(valid_utf8(good) == good);
  }
  for (const std::string_view bad :
       {"\x80", "\xC0\x80", "\xC1\xBF", "\xC3", "\xC3(", "\xE0\x9F\xBF", "\xE2\x82", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF",
        "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "12345678\xFF", "1234567\xC3"}) {
    CHECK_FALSE(is_utf8(bad));
    CHECK(is_utf8(valid_utf8(bad)));
  }
  CHECK(valid_utf8("a\xFFz\xC3") == "a\xEF\xBF\xBDz\xEF\xBF\xBD");
}

TEST_CASE("a sequence's length is that of the character in front") {
  CHECK(utf8_sequence("ab") == 1);
  CHECK(utf8_sequence("\xC3\xBC!") == 2);
  CHECK(utf8_sequence("\xE2\x82\xAC") == 3);
  CHECK(utf8_sequence("\xF0\x9F\x98\x80") == 4);
  CHECK(utf8_sequence("\xBC\xC3") == 0);
}

TEST_CASE("text inside a JSON string") {
  std::string out = "{\"a\":";
  append_json_string(out, "q\"b\\n\nt\tz\x7F caf\xC3\xA9 \xFF");
  CHECK(out == R"({"a":"q\"b\\n\nt\u0009z\u007f caf)"
               "\xC3\xA9 \xEF\xBF\xBD\"");
}
