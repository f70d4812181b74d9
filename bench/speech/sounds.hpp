#pragma once

#include "line.hpp"

#include <string>
#include <vector>

namespace bench {

/// A sound that nobody speaks: nothing may be heard in it.
struct Sound {
  std::string name;
  Samples samples;  ///< 8 kHz
};

/// What telephone networks and machines say for themselves: dial, ringing, busy and special information tones, the
/// sixteen keys, fax and modem. Each loud and soft.
std::vector<Sound> network_tones();

/// Hiss, rumble, mains hum, knocking, and a synthetic piano.
std::vector<Sound> noises();

}  // namespace bench
