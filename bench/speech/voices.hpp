#pragma once

#include "line.hpp"

#include <string>
#include <vector>

namespace bench {

/// A speaker: one of flite's voices, or a voice of the espeak-ng program.
struct Voice {
  std::string group;  ///< voices that are reported together
  std::string name;
};

/// All voices that this machine has; what it lacks is added to `missing`, with the reason.
std::vector<Voice> voices(std::vector<std::string>& missing);

/// `text` at 16 kHz. Always the same for the same arguments.
Samples say(const Voice& voice, const std::string& text);

}  // namespace bench
