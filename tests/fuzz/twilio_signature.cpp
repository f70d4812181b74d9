#include "fuzz.hpp"

#include <trunkline/providers/twilio/signature.hpp>

#include <algorithm>

using namespace trunkline;
using namespace trunkline::fuzz;
namespace twilio = trunkline::providers::twilio;

// Input: URL, line feed, token, line feed, form body. Whatever the URL, at most six different candidates are tried, and
// exactly what was signed over one of them with the token is accepted.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest = as_text(data, size);
  const std::string_view url = take_part(rest, '\n');
  const std::vector<std::string> tokens = {std::string(take_part(rest, '\n'))};
  const auto params = parse_form(rest, 20);
  if (!params) return 0;

  auto candidates = twilio::signed_url_candidates(url);
  must(!candidates.empty() && candidates.size() <= 6);
  for (const std::string& candidate : candidates) {
    must(candidate.find('#') == std::string::npos);
    const std::string signature = twilio::sign(tokens[0], candidate, *params);
    must(twilio::signature_matches(tokens, url, *params, signature) == !tokens[0].empty());
    must(!twilio::signature_matches(tokens, url, *params, twilio::sign(tokens[0] + "x", candidate, *params)));
  }
  std::sort(candidates.begin(), candidates.end());
  must(std::adjacent_find(candidates.begin(), candidates.end()) == candidates.end());
  return 0;
}
