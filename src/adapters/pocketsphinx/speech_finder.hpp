#pragma once

#include <trunkline/media/frame.hpp>

#include <adapters/pocketsphinx/audio_queue.hpp>
#include <adapters/pocketsphinx/telephone_line.hpp>
#include <adapters/pocketsphinx/utterance_cutter.hpp>
#include <adapters/pocketsphinx/voice_detector.hpp>
#include <cstdint>
#include <optional>
#include <vector>

namespace trunkline::adapters {

/// Finds the utterances in one track: chunks of any length in, whole utterances at 8 kHz out. Mu-law comes from a
/// telephone line; PCM, of whatever rate, is made to sound so. One thread at a time.
class SpeechFinder {
 public:
  explicit SpeechFinder(media::Format format) : format_(format) {
    if (format.encoding != media::Encoding::mulaw) line_.emplace(format.sample_rate);
  }

  /// Appends the utterances that ended within this chunk to `found`.
  void add(const AudioQueue::Chunk& chunk, std::vector<Utterance>& found);
  /// The track is over.
  void finish(std::vector<Utterance>& found);

 private:
  void begin_at(std::int64_t position);
  void append_samples(const AudioQueue::Chunk& chunk);
  void use_whole_frames(std::vector<Utterance>& found);

  const media::Format format_;
  std::optional<TelephoneLine> line_;  // of PCM
  VoiceDetector detector_;
  UtteranceCutter cutter_;
  std::int64_t expected_ = 0;          // position of the chunk that follows, as the track counts
  std::vector<std::int16_t> clean_;    // a chunk of PCM
  std::vector<std::int16_t> pending_;  // at 8 kHz, less than a frame
  std::int64_t position_ = 0;          // of pending_'s first sample
};

}  // namespace trunkline::adapters
