#pragma once

#include "config/options.hpp"

#include <trunkline/config/load.hpp>

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace trunkline::config {

/// What a configuration file says: option values as text by path (lists joined by commas), routes, and what is wrong.
struct Document {
  std::map<std::string, std::string> values;
  std::vector<Route> routes;
  std::vector<Problem> problems;
};

/// Reads YAML 1.2. Never throws.
Document parse_document(const std::string& yaml);

/// One key of a route.
struct RouteKey {
  std::string_view name;
  std::variant<std::string Route::*, bool Route::*, std::vector<std::string> Route::*> field;
  Rule rule;
  std::string_view example;
  std::string_view about;
};
std::span<const RouteKey> route_keys();

}  // namespace trunkline::config
