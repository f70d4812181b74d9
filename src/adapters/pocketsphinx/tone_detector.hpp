#pragma once

#include <cstdint>
#include <span>

namespace trunkline::adapters {

/// Whether what is loud in `audio` (8 kHz) is no voice but one or two pure tones at a time: dial, ringing and busy
/// tones, keys, answering machines, fax machines. A decoder takes them for digits, and its fit is good.
bool is_tone(std::span<const std::int16_t> audio);

}  // namespace trunkline::adapters
