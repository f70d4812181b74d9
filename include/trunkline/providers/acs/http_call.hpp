#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace trunkline::providers::acs {

/// Whether a request may be sent again when nobody knows what became of it.
enum class Repeat : std::uint8_t {
  keyed,  ///< it bears the headers of repeatability, and the service sees that it had it already
  safe,   ///< twice is as good as once
  once,   ///< twice is heard: only what certainly did not happen is sent again
};

/// A request to Call Automation, before it is signed.
struct HttpCall {
  std::string_view operation;  ///< for errors and statistics: "answer", "play"
  std::string method;
  std::string target;  ///< path and query with `api-version`
  std::string body;    ///< JSON; empty: none
  Repeat repeat = Repeat::once;
  std::vector<int> expected;  ///< the statuses that mean success
};

}  // namespace trunkline::providers::acs
