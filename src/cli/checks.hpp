#pragma once

#include <trunkline/config/load.hpp>

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

/// Looks at what the settings name: folders, address, certificate, keys, routes, database, Redis, speech model, Twilio.
/// Changes nothing but that missing folders are made. What depends on a refused variable is left out.
std::vector<Check> run_checks(const config::Loaded& loaded);

/// Those of the checks that a start depends on and that only another configuration can mend, as far as they fail.
std::vector<config::Problem> find_problems(const config::Loaded& loaded);

}  // namespace trunkline::cli
