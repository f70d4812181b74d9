#include <trunkline/base/form.hpp>

#include <catch2/catch.hpp>

using namespace trunkline;

TEST_CASE("a form is split at ampersands and first equals signs, and decoded") {
  CHECK(parse_form("a=1&b=x+y%2Bz&a=2&c==&d&=e&%3D=%26").value() ==
        Params{{"a", "1"}, {"b", "x y+z"}, {"a", "2"}, {"c", "="}, {"d", ""}, {"", "e"}, {"=", "&"}});
}

TEST_CASE("empty fields are passed over") {
  CHECK(parse_form("").value().empty());
  CHECK(parse_form("&&").value().empty());
  CHECK(parse_form("&a=1&&b=2&").value() == Params{{"a", "1"}, {"b", "2"}});
}

TEST_CASE("what is not percent encoding stays as it is") {
  CHECK(parse_form("a=100%&b=%4&c=%zz&d=%%41").value() ==
        Params{{"a", "100%"}, {"b", "%4"}, {"c", "%zz"}, {"d", "%A"}});
  CHECK(parse_form("a=%FF%00").value() == Params{{"a", std::string("\xFF\0", 2)}});
}

TEST_CASE("too many parameters are refused") {
  CHECK(parse_form("a&b&c", 3).value().size() == 3);
  CHECK(parse_form("a&b&c&d", 3).error().code == "too_many_parameters");
  CHECK(parse_form("a&b&c&&&", 3).value().size() == 3);
}

TEST_CASE("an encoded form parses to what it was made of") {
  const Params params = {{"From", "+49 89"}, {"x&y", "a=b"}, {"", ""}, {"utf8", "\xC3\xBC"}, {"bytes", "\xFF\x01"}};
  CHECK(parse_form(encode_form(params)).value() == params);
  CHECK(encode_form({{"From", "+49 89"}, {"a", "~-._"}}) == "From=%2B49%2089&a=~-._");
  CHECK(encode_form({}).empty());
}

TEST_CASE("the first value of a name is found") {
  const Params params = {{"a", "1"}, {"b", "2"}, {"a", "3"}};
  CHECK(first_of(params, "a") == "1");
  CHECK(first_of(params, "c").empty());
}
