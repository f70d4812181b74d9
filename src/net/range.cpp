#include <trunkline/base/text.hpp>
#include <trunkline/net/range.hpp>

#include <algorithm>

namespace trunkline::net {

RangeReading read_range(std::string_view header, std::uint64_t size) {
  static constexpr std::string_view unit = "bytes=";
  if (header.size() < unit.size() || !text::iequals(header.substr(0, unit.size()), unit)) return {};
  const std::string_view spec = text::trim(header.substr(unit.size()));
  const auto dash = spec.find('-');
  if (dash == std::string_view::npos || spec.find(',') != std::string_view::npos) return {};

  const auto first = text::to_uint(spec.substr(0, dash));
  const auto last = text::to_uint(spec.substr(dash + 1));
  if (dash == 0) {  // the last so many bytes
    if (!last) return {};
    if (*last == 0 || size == 0) return {RangeVerdict::unsatisfiable, {}};
    const std::uint64_t length = std::min(*last, size);
    return {RangeVerdict::part, {size - length, length}};
  }
  const bool open_end = dash + 1 == spec.size();
  if (!first || (!last && !open_end) || (last && *last < *first)) return {};
  if (*first >= size) return {RangeVerdict::unsatisfiable, {}};
  const std::uint64_t end = open_end ? size : std::min(*last, size - 1) + 1;
  return {RangeVerdict::part, {*first, end - *first}};
}

}  // namespace trunkline::net
