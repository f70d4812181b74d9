#include "fuzz.hpp"

#include <trunkline/net/url.hpp>

#include <string>

using namespace trunkline::fuzz;
using trunkline::net::parse_url;

// A URL that parses is what it says: put together again it parses into the same parts, and nothing in it can break out
// of a request's head.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto url = parse_url(as_text(data, size));
  if (!url) return 0;
  must(!url->host.empty() && url->port != 0 && url->target.starts_with('/'));
  must((url->authority() + url->target).find_first_of("\r\n \t#") == std::string::npos);
  const auto again = parse_url(url->scheme + "://" + url->authority() + url->target);
  must(again.has_value());
  must(again->scheme == url->scheme && again->host == url->host && again->port == url->port &&
       again->target == url->target);
  return 0;
}
