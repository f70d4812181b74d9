#pragma once

#include <cstdint>
#include <vector>

namespace bench {

using Samples = std::vector<std::int16_t>;
using Signal = std::vector<double>;

/// Rounded, and clipped to 16 bits.
Samples to_samples(const Signal& in);

/// The mean square.
double power(const Signal& in);

/// Noise of power 1, always the same: white, or pink (3 dB less an octave).
Signal white(std::size_t size);
Signal pink(std::size_t size);

/// 300 to 3400 Hz at 8 kHz.
Signal band_pass(const Signal& in);

/// A 16 kHz recording in the band of a telephone, at 8 kHz, not yet mu-law.
Samples by_telephone(const Samples& wideband);

/// Where noise comes in: around the caller (pink, through the telephone's band as the voice is), or on the line after
/// it (white, the whole band).
enum class Noise { none, around_caller, on_line };

/// A second of pause before and after the sound, and noise all along, `snr_db` below the sound.
Samples with_noise(const Samples& sound, Noise noise, double snr_db);

/// A second of pause before and after the sound, at another rate.
Samples at_rate(const Samples& sound, std::uint32_t from_hz, std::uint32_t to_hz);

}  // namespace bench
