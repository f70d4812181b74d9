#include "fuzz.hpp"

#include <trunkline/base/text.hpp>
#include <trunkline/providers/acs/connection_string.hpp>

using namespace trunkline;
using namespace trunkline::fuzz;
using namespace trunkline::providers::acs;

namespace {

constexpr std::size_t longest_message = 120;  // of words of ours alone

// What is read of an endpoint is that endpoint, and nothing in it can break out of a request's head.
void check_endpoint(const Endpoint& endpoint) {
  must(endpoint.url == "https://" + endpoint.host || endpoint.url == "http://" + endpoint.host);
  must(!endpoint.host.empty() && endpoint.host == text::lower(endpoint.host));
  must(endpoint.host.find_first_of("\r\n \t/?#@") == std::string::npos);
  must(parse_endpoint(endpoint.url).value() == endpoint);
}

}  // namespace

// Input: a connection string, or an endpoint.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = as_text(data, size);
  if (const auto endpoint = parse_endpoint(input)) check_endpoint(*endpoint);
  const auto connection = parse_connection_string(input);
  if (connection) {
    check_endpoint(connection->endpoint);
    must(!connection->access_key.empty() && connection->access_key.size() < input.size());
  } else {
    must(connection.error().code == "invalid_connection_string" && connection.error().detail.empty());
    must(connection.error().message.size() <= longest_message);
  }
  return 0;
}
