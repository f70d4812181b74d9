#pragma once

#include <span>
#include <string_view>

namespace trunkline::config {

/// The candidate that `word` was most likely meant to be, or an empty view when none is near.
std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace trunkline::config
