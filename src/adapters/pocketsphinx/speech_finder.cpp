#include <trunkline/media/pcm.hpp>

#include <adapters/pocketsphinx/speech_finder.hpp>

namespace trunkline::adapters {
namespace {

constexpr std::int64_t longest_silence_heard_ms = 1'000;  // more of it says nothing new

}  // namespace

void SpeechFinder::add(const AudioQueue::Chunk& chunk, std::vector<Utterance>& found) {
  const bool skipped = chunk.silence && chunk.samples > format_.samples(longest_silence_heard_ms);
  if (chunk.position != expected_ || skipped) {
    finish(found);
    begin_at(chunk.position + (skipped ? chunk.samples : 0));
  }
  expected_ = chunk.position + chunk.samples;
  if (skipped) return;
  append_samples(chunk);
  use_whole_frames(found);
}

// Anew after each gap, so that what is rounded here adds up to nothing.
void SpeechFinder::begin_at(std::int64_t position) {
  position_ = position * UtteranceCutter::sample_rate / format_.sample_rate;
}

void SpeechFinder::append_samples(const AudioQueue::Chunk& chunk) {
  auto& decoded = line_ ? clean_ : pending_;
  if (chunk.silence) {
    decoded.resize(decoded.size() + chunk.samples);
  } else {
    media::for_each_sample(format_.encoding, chunk.data, [&](std::int16_t sample) { decoded.push_back(sample); });
  }
  if (!line_) return;
  line_->add(clean_, pending_);
  clean_.clear();
}

void SpeechFinder::use_whole_frames(std::vector<Utterance>& found) {
  constexpr std::size_t size = UtteranceCutter::frame_samples;
  std::size_t used = 0;
  for (; used + size <= pending_.size(); used += size) {
    const auto frame = std::span<const std::int16_t>(pending_).subspan(used, size);
    auto ended = cutter_.add(frame, position_, detector_.is_speech(frame));
    if (ended) found.push_back(std::move(*ended));
    position_ += static_cast<std::int64_t>(size);
  }
  pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(used));
}

void SpeechFinder::finish(std::vector<Utterance>& found) {
  if (line_) line_->finish(pending_);
  use_whole_frames(found);
  if (auto open = cutter_.finish()) found.push_back(std::move(*open));
  pending_.clear();
}

}  // namespace trunkline::adapters
