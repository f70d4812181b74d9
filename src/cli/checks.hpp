#pragma once

#include <trunkline/config/settings.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace trunkline::cli {

enum class Verdict : std::uint8_t {
  ok,
  limited,  ///< the gateway serves, but not everything it could
  wrong,    ///< the gateway would not start, or would lose something
};
std::string_view to_string(Verdict verdict);

/// One thing that doctor looked at.
struct Check {
  std::string name;
  Verdict verdict = Verdict::ok;
  std::string finding;
};

/// Looks at what the settings name: folders, address, certificate, keys, speech model, Twilio. Changes nothing but that
/// missing folders are made.
std::vector<Check> run_checks(const config::Settings& settings);

}  // namespace trunkline::cli
