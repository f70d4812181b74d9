#pragma once

#include "line.hpp"
#include "utterances.hpp"

#include <string>
#include <vector>

namespace bench {

/// Something to be heard, or not to be.
struct Item {
  std::string name;      ///< of this one
  std::string row;       ///< what is reported together
  std::string expected;  ///< the right transcript; empty: must be rejected
  Samples sound;         ///< as the telephone's band lets it through, 8 kHz
  Samples wideband;      ///< as it was said, 16 kHz; empty when nobody says it
};

/// Everything that is measured; what this machine lacks for it is added to `missing`, with the reason.
std::vector<Item> make_items(const Script& said, std::vector<std::string>& missing);

/// The phrases of the route that all items are measured on.
std::vector<std::string> route_phrases(const Script& said);

}  // namespace bench
