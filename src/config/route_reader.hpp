#pragma once

#include "config/document.hpp"

#include <yaml-cpp/node/node.h>

namespace trunkline::config {

/// Reads the list under `routes` into `document`.
void read_routes(const YAML::Node& list, Document& document);

}  // namespace trunkline::config
