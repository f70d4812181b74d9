#include "api/conditions.hpp"

#include <trunkline/base/text.hpp>

#include <algorithm>

namespace trunkline::api {
namespace {

// Good enough for a question about freshness: a weak tag is as good as the strong one.
std::string_view without_weakness(std::string_view tag) {
  return tag.starts_with("W/") ? tag.substr(2) : tag;
}

}  // namespace

bool is_known(std::string_view if_none_match, std::string_view etag) {
  if (text::trim(if_none_match) == "*") return true;
  if (etag.empty()) return false;
  const auto tags = text::split(if_none_match, ',');
  return std::any_of(tags.begin(), tags.end(),
                     [etag](std::string_view tag) { return without_weakness(text::trim(tag)) == etag; });
}

bool range_applies(std::string_view if_range, std::string_view etag) {
  const std::string_view tag = text::trim(if_range);
  return tag.empty() || (!etag.empty() && tag == etag);
}

bool wants_fresh(std::string_view cache_control) {
  const auto directives = text::split(cache_control, ',');
  return std::any_of(directives.begin(), directives.end(), [](std::string_view directive) {
    const std::string_view word = text::trim(directive);
    return text::iequals(word, "no-cache") || text::iequals(word, "no-store") || text::iequals(word, "max-age=0");
  });
}

}  // namespace trunkline::api
