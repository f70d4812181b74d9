#include "fuzz.hpp"

#include <trunkline/base/form.hpp>

using namespace trunkline;
using namespace trunkline::fuzz;

// A form that parses keeps to its limit and comes back from its encoding.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t limit = 50;
  const auto params = parse_form(as_text(data, size), limit);
  if (!params) return 0;
  must(params->size() <= limit);
  must(parse_form(encode_form(*params)).value() == *params);
  return 0;
}
