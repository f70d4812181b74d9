#include <trunkline/net/url.hpp>

#include <catch2/catch.hpp>

using trunkline::net::parse_url;

namespace {

struct Good {
  const char* text;
  const char* scheme;
  const char* host;
  int port;
  const char* target;
  const char* authority;
};

}  // namespace

TEST_CASE("a URL falls into its parts") {
  const Good good = GENERATE(values<Good>({
      {"http://example.com", "http", "example.com", 80, "/", "example.com"},
      {"https://example.com/", "https", "example.com", 443, "/", "example.com"},
      {"ws://example.com:80/a", "ws", "example.com", 80, "/a", "example.com"},
      {"wss://example.com:8443/a?b=c/d", "wss", "example.com", 8443, "/a?b=c/d", "example.com:8443"},
      {"HTTPS://Example.com", "https", "Example.com", 443, "/", "Example.com"},
      {"http://host?q=1", "http", "host", 80, "/?q=1", "host"},
      {"http://host:65535/%20?x=%2F", "http", "host", 65535, "/%20?x=%2F", "host:65535"},
      {"http://127.0.0.1:1/", "http", "127.0.0.1", 1, "/", "127.0.0.1:1"},
      {"http://[::1]/x", "http", "::1", 80, "/x", "[::1]"},
      {"https://[2001:db8::1]:444", "https", "2001:db8::1", 444, "/", "[2001:db8::1]:444"},
      {"http://my_service.internal:3000", "http", "my_service.internal", 3000, "/", "my_service.internal:3000"},
      {"http://h/a:b@c", "http", "h", 80, "/a:b@c", "h"},
  }));
  CAPTURE(good.text);
  const auto url = parse_url(good.text);
  REQUIRE(url.has_value());
  CHECK(url->scheme == good.scheme);
  CHECK(url->host == good.host);
  CHECK(url->port == good.port);
  CHECK(url->target == good.target);
  CHECK(url->authority() == good.authority);
}

TEST_CASE("https and wss are secure, http and ws are not") {
  CHECK(parse_url("https://h")->secure());
  CHECK(parse_url("wss://h")->secure());
  CHECK_FALSE(parse_url("http://h")->secure());
  CHECK_FALSE(parse_url("ws://h")->secure());
}

TEST_CASE("what is no usable URL is refused") {
  const std::string bad =
      GENERATE(as<std::string>{}, "", "example.com", "/path", "//host/", "ftp://host/", "http:/host", "http://",
               "http:///path", "http://?q", "http://user@host/", "http://user:secret@host/", "http://host/#part",
               "http://ho st/", "http://host/a b", "http://host/\r\nX: y", std::string("http://host/\0", 13),
               "http://host:", "http://host:0", "http://host:65536", "http://host:99999999999999999999",
               "http://host:-1", "http://host:+1", "http://host:8o", "http://a:b:1", "http://:80", "http://[::1",
               "http://[]", "http://[]:1", "http://[::1]x", "http://[::1]:", "http://[::1]80", "http://[zz]/",
               "http://]::1[/", "http://a[b]/", "http://a\\b/", "http://a%41/", "http://<a>/");
  CAPTURE(bad);
  const auto url = parse_url(bad);
  REQUIRE(url.has_error());
  CHECK(url.error().code == "invalid_url");
}

TEST_CASE("a refusal quotes no more than the beginning of what it refuses") {
  CHECK(parse_url("nothing" + std::string(100'000, 'x')).error().message.size() < 300);
}
