#pragma once

#include <adapters/linear_filter.hpp>

namespace trunkline::adapters {

/// Makes of audio what a telephone line would have left of it: 300 to 3400 Hz, at 8 kHz, through mu-law. The
/// recogniser's model was adapted to that and knows nothing else: of wideband speech that only lost its rate it gets
/// nearly every other digit wrong (docs/speech.md). A voice that came by telephone goes through the band twice, which
/// costs little.
///
/// Sample k of what comes out stands where k * rate / 8000 stood in what went in. One thread at a time.
class TelephoneLine {
 public:
  /// Of what goes in: 8, 16 or 24 kHz.
  explicit TelephoneLine(std::uint32_t sample_rate);

  /// Appends to `out` what can be told from the input so far, all but the last 10 ms.
  void add(std::span<const std::int16_t> in, std::vector<std::int16_t>& out);
  /// The input ends here: appends the rest. The next input is another signal.
  void finish(std::vector<std::int16_t>& out);

 private:
  LinearFilter to_8_khz_;
  LinearFilter band_;
  std::vector<std::int16_t> narrow_;  // between the two
};

}  // namespace trunkline::adapters
