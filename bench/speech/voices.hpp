#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace bench {

using Samples = std::vector<std::int16_t>;

/// A speaker: one of flite's voices, or a voice of the espeak-ng program.
struct Voice {
  std::string group;  ///< voices that are reported together
  std::string name;
};

/// All voices that this machine has.
std::vector<Voice> voices();

/// `text` in the band of a telephone: 300 to 3400 Hz at 8 kHz, not yet mu-law. Always the same for the same arguments.
Samples say_by_telephone(const Voice& voice, const std::string& text);

/// A 16 kHz recording through the same band.
Samples by_telephone(const Samples& wideband);

/// Where noise comes in: around the caller (pink, through the telephone's band as the voice is), or on the line after
/// it (white, the whole band).
enum class Noise { none, around_caller, on_line };

/// A second of pause before and after the speech, and noise all along, `snr_db` below the speech.
Samples with_noise(const Samples& speech, Noise noise, double snr_db);

}  // namespace bench
