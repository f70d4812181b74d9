#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace trunkline {

/// The text that an object has under `key`; empty when there is none, or something else.
std::string text_of(const nlohmann::json& object, const char* key);

}  // namespace trunkline
