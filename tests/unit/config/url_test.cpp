#include <trunkline/config/url.hpp>

#include <catch2/catch.hpp>

using Catch::Contains;
using trunkline::config::parse_base_url;
using trunkline::config::parse_service_url;

TEST_CASE("a base URL is kept without trailing slash") {
  const auto [text, url] = GENERATE(table<std::string, std::string>({
      {"https://example.com", "https://example.com"},
      {"https://example.com/", "https://example.com"},
      {"https://example.com/a/b//", "https://example.com/a/b"},
      {"HTTP://127.0.0.1:8080", "http://127.0.0.1:8080"},
      {"http://[::1]:8080/x", "http://[::1]:8080/x"},
      {"http://[2001:db8::1]", "http://[2001:db8::1]"},
  }));
  const auto parsed = parse_base_url(text, "http https");
  REQUIRE(parsed.has_value());
  CHECK(*parsed == url);
}

TEST_CASE("what is not a base URL is refused with the reason") {
  const auto [text, reason] = GENERATE(table<std::string, std::string>({
      {"example.com", "begins with http:// or https://"},
      {"ws://example.com", "begins with http:// or https://"},
      {"http://", "no valid host"},
      {"http:///path", "no valid host"},
      {"http://exa!mple", "no valid host"},
      {"http://[::1", "no valid host"},
      {"http://[zz]", "no valid host"},
      {"http://host:", "no valid port"},
      {"http://host:0", "no valid port"},
      {"http://host:65536", "no valid port"},
      {"http://host:80a", "no valid port"},
      {"http://user:pass@host", "must not name a user"},
      {"http://host?x", "neither query nor fragment"},
      {"http://host/#x", "neither query nor fragment"},
      {"http://host/a b", "character that no URL may have"},
  }));
  const auto parsed = parse_base_url(text, "http https");
  REQUIRE_FALSE(parsed.has_value());
  CHECK_THAT(parsed.error().message, Contains(reason));
}

TEST_CASE("a service that is told secrets is https, or on this machine") {
  for (const char* fine : {"https://a.example", "http://127.0.0.1:9000", "http://127.8.9.1", "http://[::1]:9000/x",
                           "http://[::1]", "http://LocalHost", "http://localhost:1/path"}) {
    CAPTURE(fine);
    CHECK(parse_service_url(fine).has_value());
  }
  for (const char* open : {"http://a.example", "http://10.0.0.1:80", "http://127.0.0.1.example/",
                           "http://localhost.example", "http://[::2]", "http://[::1].example", "http://0.0.0.0"}) {
    CAPTURE(open);
    CHECK_FALSE(parse_service_url(open).has_value());
  }
  CHECK_THAT(parse_service_url("http://a.example").error().message, Contains("must be https"));
}
