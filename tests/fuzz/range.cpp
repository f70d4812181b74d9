#include "fuzz.hpp"

#include <trunkline/base/text.hpp>
#include <trunkline/net/range.hpp>

using namespace trunkline;

// The input is a size and a Range header. A part lies inside the representation and is not empty.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest = fuzz::as_text(data, size);
  const auto whole = text::to_uint(fuzz::take_part(rest, ' '));
  if (!whole) return 0;
  const auto reading = net::read_range(rest, *whole);
  if (reading.verdict != net::RangeVerdict::part) return 0;
  fuzz::must(reading.range.length > 0);
  fuzz::must(reading.range.offset < *whole);
  fuzz::must(reading.range.length <= *whole - reading.range.offset);
  return 0;
}
