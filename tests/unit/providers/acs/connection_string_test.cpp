#include <trunkline/providers/acs/connection_string.hpp>

#include <catch2/catch.hpp>

#include <string>

using namespace trunkline;
using namespace trunkline::providers::acs;

namespace {

const std::string key = "AQIDBAUGBwgJCgsMDQ4PEA==";

Endpoint endpoint_of(const std::string& text) {
  const auto parsed = parse_endpoint(text);
  REQUIRE(parsed.has_value());
  return *parsed;
}

std::string refusal_of(const std::string& text) {
  const auto parsed = parse_connection_string(text);
  REQUIRE(parsed.has_error());
  CHECK(parsed.error().code == "invalid_connection_string");
  return parsed.error().message;
}

}  // namespace

TEST_CASE("a connection string of the portal is read") {
  const auto read = parse_connection_string("endpoint=https://contoso.communication.azure.com/;accesskey=" + key);
  REQUIRE(read.has_value());
  CHECK(read->endpoint.url == "https://contoso.communication.azure.com");
  CHECK(read->endpoint.host == "contoso.communication.azure.com");
  CHECK(read->access_key == std::string("\1\2\3\4\5\6\7\10\11\12\13\14\15\16\17\20", 16));
}

TEST_CASE("the parts of a connection string may be in any case, order and company") {
  const auto read = parse_connection_string("AccessKey=" + key + "; Extra=1 ;EndPoint=HTTPS://Contoso.example:8443/;;");
  REQUIRE(read.has_value());
  CHECK(read->endpoint == Endpoint{"https://contoso.example:8443", "contoso.example:8443"});
}

TEST_CASE("an endpoint's host is what the header Host will say") {
  CHECK(endpoint_of("http://127.0.0.1:8089").host == "127.0.0.1:8089");
  CHECK(endpoint_of("http://127.0.0.1:80/").host == "127.0.0.1");
  CHECK(endpoint_of("https://contoso.example:443").host == "contoso.example");
  CHECK(endpoint_of("https://contoso.example:80").host == "contoso.example:80");
  CHECK(endpoint_of("http://[::1]:8089/").host == "[::1]:8089");
  CHECK(endpoint_of("http://[::1]/").host == "[::1]");
}

TEST_CASE("what cannot be an endpoint is refused") {
  for (const char* text : {"", "contoso.example", "ftp://contoso.example", "https://", "https:///", "https://a/b",
                           "https://a?b=c", "https://a#b", "https://user@a", "https://a:0", "https://a:65536",
                           "https://a:", "https://a b", "https://[::1", "https://[evil]", "https://a:1:2"}) {
    INFO(text);
    CHECK(parse_endpoint(text).has_error());
  }
}

TEST_CASE("a refusal of a connection string names the part, and never what it holds") {
  CHECK(refusal_of("") == "the connection string's endpoint is missing");
  CHECK(refusal_of("endpoint=https://a.example") == "the connection string's accesskey is missing");
  CHECK(refusal_of("accesskey=" + key) == "the connection string's endpoint is missing");
  CHECK(refusal_of("endpoint=https://a.example;accesskey=") == "the connection string's accesskey is not base64");
  CHECK(refusal_of("endpoint=https://a.example;endpoint=https://b.example;accesskey=" + key) ==
        "the connection string's endpoint stands there twice");
  CHECK(refusal_of("endpoint=a.example;accesskey=" + key) ==
        "the connection string's endpoint must begin with https:// or http://");
  const std::string secret = "not-base64-but-secret!";
  CHECK(refusal_of("endpoint=https://a.example;accesskey=" + secret).find(secret) == std::string::npos);
  CHECK(refusal_of(std::string(5'000, 'x')) == "the connection string is too long");
}
