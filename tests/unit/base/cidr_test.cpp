#include <trunkline/base/cidr.hpp>

#include <catch2/catch.hpp>

using trunkline::Cidr;
using trunkline::parse_ip;

namespace {

struct Membership {
  const char* block;
  const char* address;
  bool inside;
};

}  // namespace

TEST_CASE("a block holds the addresses that share its prefix, and no others") {
  const auto [block, address, inside] = GENERATE(values<Membership>({
      {"10.0.0.0/8", "10.0.0.0", true},
      {"10.0.0.0/8", "10.255.255.255", true},
      {"10.0.0.0/8", "11.0.0.0", false},
      {"10.0.0.0/8", "9.255.255.255", false},
      {"172.16.0.0/12", "172.31.255.255", true},
      {"172.16.0.0/12", "172.32.0.0", false},
      {"192.0.2.128/25", "192.0.2.127", false},
      {"192.0.2.128/25", "192.0.2.128", true},
      {"192.0.2.7", "192.0.2.7", true},
      {"192.0.2.7/32", "192.0.2.6", false},
      {"0.0.0.0/0", "255.255.255.255", true},
      {"2001:db8::/32", "2001:db8:ffff::1", true},
      {"2001:db8::/32", "2001:db9::", false},
      {"fe80::/10", "febf::1", true},
      {"fe80::/10", "fec0::1", false},
      {"::1", "::1", true},
      {"::1/128", "::2", false},
      {"::/0", "2001:db8::1", true},
  }));
  CAPTURE(block, address);
  const auto parsed = Cidr::parse(block);
  REQUIRE(parsed.has_value());
  CHECK(parsed->contains(*parse_ip(address)) == inside);
}

TEST_CASE("an IPv4 address is the same in its IPv6 clothes, and in no block of IPv6") {
  const auto mapped = boost::asio::ip::make_address("::ffff:10.1.2.3");
  CHECK(Cidr::parse("10.0.0.0/8")->contains(mapped));
  CHECK(Cidr::parse("::ffff:10.0.0.0/104")->contains(mapped));
  CHECK(Cidr::parse("::ffff:10.0.0.0/104")->contains(boost::asio::ip::make_address("10.1.2.3")));
  CHECK(Cidr::parse("::ffff:0.0.0.0/96")->contains(mapped));
  CHECK_FALSE(Cidr::parse("11.0.0.0/8")->contains(mapped));
  CHECK_FALSE(Cidr::parse("::/0")->contains(mapped));
  CHECK_FALSE(Cidr::parse("0.0.0.0/0")->contains(boost::asio::ip::make_address("::1")));
  CHECK(parse_ip("::ffff:10.1.2.3")->to_string() == "10.1.2.3");
}

TEST_CASE("what is no block is refused") {
  const char* text =
      GENERATE("", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8/8", "10.0.0.0/ 8", "10.0.0.0/0x8",
               "10.0.0", "10.0.0.0.0", "10.1.0.0/8", "::1/129", "2001:db8::1/32", "fe80::1%eth0", "fe80::%1/64",
               "example.com", "[::1]", "1.2.3.4:80", " 10.0.0.0/8", "::ffff:0.0.0.0/95", "::ffff:10.1.0.0/104");
  CAPTURE(text);
  const auto parsed = Cidr::parse(text);
  REQUIRE_FALSE(parsed.has_value());
  CHECK(parsed.error().code == "invalid_cidr");
}

TEST_CASE("an address is an address and nothing more") {
  CHECK(parse_ip("2001:DB8::1")->to_string() == "2001:db8::1");
  for (const char* text : {"", "::1%lo", "[::1]", "127.0.0.1:80", "localhost", "1.2.3", "1.2.3.4 ", "1.2.3.4/32"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_ip(text).has_value());
  }
}
