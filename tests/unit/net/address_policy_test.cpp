#include <trunkline/net/address_policy.hpp>

#include <catch2/catch.hpp>

#include <string>
#include <vector>

namespace trunkline::net {
namespace {

using boost::asio::ip::make_address;

AddressPolicy allowing(const std::vector<std::string>& networks) {
  auto policy = AddressPolicy::allowing(networks);
  REQUIRE(policy.has_value());
  return *policy;
}

TEST_CASE("the first and the last address of what is not public are not, their neighbours are") {
  const std::vector<std::pair<const char*, const char*>> not_public = {
      {"0.0.0.0", "0.255.255.255"},       {"10.0.0.0", "10.255.255.255"},     {"100.64.0.0", "100.127.255.255"},
      {"127.0.0.0", "127.255.255.255"},   {"169.254.0.0", "169.254.255.255"}, {"172.16.0.0", "172.31.255.255"},
      {"192.0.0.0", "192.0.0.255"},       {"192.0.2.0", "192.0.2.255"},       {"192.88.99.0", "192.88.99.255"},
      {"192.168.0.0", "192.168.255.255"}, {"198.18.0.0", "198.19.255.255"},   {"198.51.100.0", "198.51.100.255"},
      {"203.0.113.0", "203.0.113.255"},   {"224.0.0.0", "255.255.255.255"}};
  for (const auto& [first, last] : not_public) {
    CAPTURE(first, last);
    CHECK_FALSE(is_public(make_address(first)));
    CHECK_FALSE(is_public(make_address(last)));
  }
  for (const char* address :
       {"1.0.0.0",     "9.255.255.255",   "11.0.0.0",    "100.63.255.255", "100.128.0.0", "126.255.255.255",
        "128.0.0.0",   "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0",  "192.0.1.0",
        "192.0.3.0",   "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0",  "203.0.112.255",
        "203.0.114.0", "223.255.255.255", "8.8.8.8"}) {
    CAPTURE(address);
    CHECK(is_public(make_address(address)));
  }
}

TEST_CASE("of IPv6 only global unicast is public, and not what carries an IPv4 address that is not") {
  for (const char* address : {"::",
                              "::1",
                              "::7f00:1",
                              "::ffff:127.0.0.1",
                              "::ffff:10.1.2.3",
                              "::ffff:169.254.169.254",
                              "64:ff9b::7f00:1",
                              "64:ff9b::a9fe:a9fe",
                              "64:ff9b:1::808:808",
                              "100::1",
                              "2001::1",
                              "2001:1ff::1",
                              "2001:db8::1",
                              "2002:7f00:1::1",
                              "2002:a01:203::1",
                              "2002:c0a8:101::",
                              "3fff::1",
                              "3fff:fff::1",
                              "4000::1",
                              "5f00::1",
                              "fc00::1",
                              "fdff::1",
                              "fe80::1",
                              "febf::1",
                              "fec0::1",
                              "ff02::1"}) {
    CAPTURE(address);
    CHECK_FALSE(is_public(make_address(address)));
  }
  for (const char* address : {"2000::1", "2001:200::1", "2606:4700::1111", "2a00:1450::1", "3fff:1000::1",
                              "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"}) {
    CAPTURE(address);
    CHECK(is_public(make_address(address)));
  }
}

TEST_CASE("without a word about it only public addresses are gone to, and only by TLS") {
  const AddressPolicy policy;
  CHECK(policy.admits(make_address("8.8.8.8"), true));
  CHECK_FALSE(policy.admits(make_address("8.8.8.8"), false));
  CHECK_FALSE(policy.admits(make_address("127.0.0.1"), true));
  CHECK_FALSE(policy.takes_plain());
}

TEST_CASE("networks that are allowed by name are gone to with and without TLS") {
  const AddressPolicy policy = allowing({"127.0.0.0/8", "10.1.128.0/17", "fd00::/8"});
  CHECK(policy.takes_plain());
  for (const bool secure : {true, false}) {
    CHECK(policy.admits(make_address("127.0.0.1"), secure));
    CHECK(policy.admits(make_address("::ffff:127.0.0.1"), secure));
    CHECK(policy.admits(make_address("10.1.128.0"), secure));
    CHECK(policy.admits(make_address("fd12::1"), secure));
    CHECK_FALSE(policy.admits(make_address("10.1.127.255"), secure));
    CHECK_FALSE(policy.admits(make_address("10.2.128.0"), secure));
    CHECK_FALSE(policy.admits(make_address("::1"), secure));
    CHECK_FALSE(policy.admits(make_address("fe80::1"), secure));
  }
}

TEST_CASE("networks are read as blocks of addresses are elsewhere, and what is none is refused by name") {
  for (const std::string& text : std::vector<std::string>{"10.0.0.1/8", "10.0.0.0/33", "fd00::/129", "localhost", ""}) {
    const std::vector<std::string> networks = {"10.0.0.0/8", text};
    const auto policy = AddressPolicy::allowing(networks);
    REQUIRE(policy.has_error());
    CHECK(policy.error().code == "invalid_cidr");
    CHECK_THAT(policy.error().message, Catch::Contains("'" + text + "'"));
  }
  CHECK(allowing({"10.0.0.1"}).admits(make_address("10.0.0.1"), false));
  CHECK_FALSE(allowing({"10.0.0.1"}).admits(make_address("10.0.0.2"), false));
  CHECK(AddressPolicy::allowing(std::vector<std::string>{"0.0.0.0/0", "::/0"})->admits(make_address("::1"), false));
}

}  // namespace
}  // namespace trunkline::net
