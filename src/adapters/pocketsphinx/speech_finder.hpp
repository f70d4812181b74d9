#pragma once

#include <trunkline/media/frame.hpp>

#include <adapters/pocketsphinx/audio_queue.hpp>
#include <adapters/pocketsphinx/utterance_cutter.hpp>
#include <adapters/pocketsphinx/voice_detector.hpp>
#include <cstdint>
#include <vector>

namespace trunkline::adapters {

/// Finds the utterances in one track: chunks of any length in, whole utterances out. One thread at a time.
class SpeechFinder {
 public:
  explicit SpeechFinder(media::Encoding encoding) : encoding_(encoding) {}

  /// Appends the utterances that ended within this chunk to `found`.
  void add(const AudioQueue::Chunk& chunk, std::vector<Utterance>& found);
  /// The track is over.
  void finish(std::vector<Utterance>& found);

 private:
  void append_samples(const AudioQueue::Chunk& chunk);
  void use_whole_frames(std::vector<Utterance>& found);

  media::Encoding encoding_;
  VoiceDetector detector_;
  UtteranceCutter cutter_;
  std::vector<std::int16_t> pending_;  // less than a frame
  std::int64_t position_ = 0;          // of pending_'s first sample
};

}  // namespace trunkline::adapters
