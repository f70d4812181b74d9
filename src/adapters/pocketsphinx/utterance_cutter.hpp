#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <vector>

namespace trunkline::adapters {

/// A stretch of speech with a little of what surrounds it. Positions in samples at 8 kHz on the recording's clock.
struct Utterance {
  std::int64_t speech_begin = 0;
  std::int64_t speech_end = 0;
  std::vector<std::int16_t> audio;
};

/// Cuts a track into utterances. Speech begins when 6 of the last 10 frames are speech and is over after 600 ms
/// without any, or after 15 s. An utterance keeps 300 ms before its first frame of speech and 200 ms after its last.
/// A pure machine.
class UtteranceCutter {
 public:
  static constexpr std::uint32_t sample_rate = 8'000;
  static constexpr std::size_t frame_samples = 160;  ///< 20 ms

  /// The next frame and whether it is speech; returns the utterance that ended with it. A frame that does not continue
  /// the one before counts as silence in between.
  std::optional<Utterance> add(std::span<const std::int16_t> frame, std::int64_t position, bool speech);
  /// No more audio, or a pause in it: what is open ends here.
  std::optional<Utterance> finish();

 private:
  bool speech_begins() const;
  void open();
  Utterance close();

  std::deque<bool> recent_;          // whether the last frames were speech, newest last
  std::vector<std::int16_t> audio_;  // before speech: what an utterance would begin with; then the utterance
  std::int64_t position_ = 0;        // where audio_ ends
  std::int64_t speech_begin_ = 0;
  std::int64_t speech_end_ = 0;
  bool open_ = false;
};

}  // namespace trunkline::adapters
