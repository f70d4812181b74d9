#include <trunkline/net/forwarded.hpp>

#include <catch2/catch.hpp>

#include <vector>

using namespace trunkline;
using net::Headers;

namespace {

std::string client(const Headers& headers, const std::string& connection = "10.0.0.1") {
  std::vector<Cidr> proxies;
  for (const char* block : {"10.0.0.0/8", "2001:db8:1::/48"}) proxies.push_back(Cidr::parse(block).value());
  return net::client_address(connection, headers, proxies);
}

std::string by_list(const std::string& list) {
  return client({{"X-Forwarded-For", list}});
}

std::string by_forwarded(const std::string& list) {
  return client({{"Forwarded", list}});
}

}  // namespace

TEST_CASE("behind trusted proxies the client is the last address that is not theirs") {
  CHECK(by_list("192.0.2.7") == "192.0.2.7");
  CHECK(by_list("192.0.2.7, 10.0.0.2,10.0.0.3") == "192.0.2.7");
  CHECK(by_list("198.51.100.1, 192.0.2.7, 10.0.0.2") == "192.0.2.7");  // the first the client may have made up
  CHECK(by_list("192.0.2.7:51234") == "192.0.2.7");
  CHECK(by_list("2001:db8::7") == "2001:db8::7");
  CHECK(by_list("[2001:db8::7]") == "2001:db8::7");
  CHECK(by_list("[2001:db8::7]:443, 2001:db8:1::2") == "2001:db8::7");
  CHECK(by_list("::ffff:192.0.2.7, ::ffff:10.0.0.9") == "192.0.2.7");
  CHECK(by_forwarded("for=192.0.2.7") == "192.0.2.7");
  CHECK(by_forwarded("For=192.0.2.7;proto=https;by=10.0.0.1") == "192.0.2.7");
  CHECK(by_forwarded(R"(for=198.51.100.1, by="a,b;for=1.1.1.1"; for="[2001:db8::7]:4711" , for=10.0.0.2)") ==
        "2001:db8::7");
}

TEST_CASE("who is no trusted proxy is the client, whatever it says") {
  CHECK(client({{"X-Forwarded-For", "127.0.0.1"}}, "192.0.2.9") == "192.0.2.9");
  CHECK(client({{"Forwarded", "for=127.0.0.1"}}, "192.0.2.9") == "192.0.2.9");
  CHECK(client({{"X-Forwarded-For", "127.0.0.1"}}, "not an address") == "not an address");
  CHECK(net::client_address("10.0.0.1", {{"X-Forwarded-For", "192.0.2.7"}}, {}) == "10.0.0.1");
  CHECK(client({{"X-Forwarded-For", "192.0.2.7"}}, "::ffff:10.0.0.1") == "192.0.2.7");
}

TEST_CASE("lines of one header are one list") {
  CHECK(client({{"X-Forwarded-For", "198.51.100.1"}, {"x-forwarded-for", "192.0.2.7"}}) == "192.0.2.7");
  CHECK(client({{"X-Forwarded-For", "192.0.2.7"}, {"X-Forwarded-For", "10.0.0.2"}}) == "192.0.2.7");
}

TEST_CASE("where nothing can be read the last proxy that is known stands for the client") {
  CHECK(client({}) == "10.0.0.1");
  CHECK(by_list("") == "10.0.0.1");
  CHECK(by_list(" , ") == "10.0.0.1");
  CHECK(by_list("192.0.2.7, unknown") == "10.0.0.1");
  CHECK(by_list("192.0.2.7, unknown, 10.0.0.2") == "10.0.0.2");
  CHECK(by_list("192.0.2.7, [2001:db8::1, 10.0.0.2") == "10.0.0.2");
  CHECK(by_list("192.0.2.7 10.0.0.2") == "10.0.0.1");
  CHECK(by_list("10.0.0.3, 10.0.0.2") == "10.0.0.3");
  CHECK(by_forwarded("for=_hidden") == "10.0.0.1");
  CHECK(by_forwarded("proto=https") == "10.0.0.1");
  CHECK(by_forwarded(R"(for="192.0.2.7)") == "10.0.0.1");
  CHECK(by_forwarded(R"(for="192.0.2\.7")") == "10.0.0.1");
  CHECK(by_forwarded("for=192.0.2.7, for=") == "10.0.0.1");
}

TEST_CASE("of two headers that disagree one is the client's invention") {
  CHECK(client({{"X-Forwarded-For", "192.0.2.7"}, {"Forwarded", "for=192.0.2.7"}}) == "192.0.2.7");
  CHECK(client({{"X-Forwarded-For", "192.0.2.7"}, {"Forwarded", "for=198.51.100.1"}}) == "10.0.0.1");
}
