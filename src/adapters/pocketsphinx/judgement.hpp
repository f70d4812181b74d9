#pragma once

#include <adapters/pocketsphinx/recogniser.hpp>
#include <optional>

namespace trunkline::adapters {

/// Whether to believe what was heard: a confidence above 0.5 up to 1, or nothing when it must be rejected.
std::optional<double> confidence_in(const Heard& heard);

}  // namespace trunkline::adapters
