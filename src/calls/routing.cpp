#include <trunkline/calls/routing.hpp>

#include <utility>

namespace trunkline::calls {
namespace {

bool matches(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return true;
  if (pattern.back() != '*') return pattern == text;
  pattern.remove_suffix(1);
  return text.starts_with(pattern);
}

config::Route default_route() {
  config::Route route;
  route.name = "default";
  return route;
}

}  // namespace

Routing::Routing(std::vector<config::Route> routes) : routes_(std::move(routes)), default_(default_route()) {
  std::size_t place = 0;
  for (config::Route& route : routes_) {
    ++place;
    if (route.name.empty()) route.name = "route-" + std::to_string(place);
  }
}

const config::Route& Routing::route_for(const InboundCall& call) const {
  for (const config::Route& route : routes_) {
    if (matches(route.provider, call.provider) && matches(route.to, call.to) && matches(route.from, call.from)) {
      return route;
    }
  }
  return default_;
}

const config::Route& Routing::by_name(std::string_view name) const {
  for (const config::Route& route : routes_) {
    if (route.name == name) return route;
  }
  return default_;
}

}  // namespace trunkline::calls
