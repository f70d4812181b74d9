#include "api/router.hpp"

#include <trunkline/base/text.hpp>

#include <algorithm>
#include <optional>

namespace trunkline::api {
namespace {

bool is_name(std::string_view segment) {
  return segment.starts_with('{') && segment.ends_with('}');
}

// The values of a pattern's names and the number of its literal segments, when the path fits.
struct Fit {
  Params values;
  std::size_t literals = 0;
};

std::optional<Fit> fit(const std::vector<std::string>& pattern, const std::vector<std::string_view>& path) {
  if (pattern.size() != path.size()) return std::nullopt;
  Fit found;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (is_name(pattern[i])) {
      if (path[i].empty()) return std::nullopt;
      found.values.emplace_back(pattern[i].substr(1, pattern[i].size() - 2), text::percent_decode(path[i], false));
    } else if (pattern[i] == path[i]) {
      ++found.literals;
    } else {
      return std::nullopt;
    }
  }
  return found;
}

}  // namespace

void Router::add(Endpoint endpoint) {
  auto& segments = segments_.emplace_back();
  for (const auto part : text::split(endpoint.pattern, '/')) segments.emplace_back(part);
  endpoints_.push_back(std::move(endpoint));
}

Router::Match Router::find(std::string_view method, std::string_view path) const {
  const auto parts = text::split(path, '/');
  const std::string_view wanted = method == "HEAD" ? "GET" : method;
  Match match;
  std::size_t best = 0;
  for (std::size_t i = 0; i < endpoints_.size(); ++i) {
    auto found = fit(segments_[i], parts);
    if (!found) continue;
    if (endpoints_[i].method != wanted) {
      auto& allowed = match.allowed;
      const bool known = std::find(allowed.begin(), allowed.end(), endpoints_[i].method) != allowed.end();
      if (!known) allowed.push_back(endpoints_[i].method);
    } else if (match.endpoint == nullptr || found->literals > best) {
      match.endpoint = &endpoints_[i];
      match.path = std::move(found->values);
      best = found->literals;
    }
  }
  return match;
}

}  // namespace trunkline::api
