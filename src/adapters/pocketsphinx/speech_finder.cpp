#include <trunkline/media/g711.hpp>
#include <trunkline/media/pcm.hpp>

#include <adapters/pocketsphinx/speech_finder.hpp>

namespace trunkline::adapters {
namespace {

constexpr std::uint32_t longest_silence_heard = 8000;  // samples: more of it says nothing new

}  // namespace

void SpeechFinder::add(const AudioQueue::Chunk& chunk, std::vector<Utterance>& found) {
  const bool follows = chunk.position == position_ + static_cast<std::int64_t>(pending_.size());
  if (!follows || (chunk.silence && chunk.samples > longest_silence_heard)) {
    finish(found);
    position_ = chunk.position;
  }
  if (chunk.silence && chunk.samples > longest_silence_heard) {
    position_ += chunk.samples;
    return;
  }
  append_samples(chunk);
  use_whole_frames(found);
}

void SpeechFinder::append_samples(const AudioQueue::Chunk& chunk) {
  const std::size_t before = pending_.size();
  pending_.resize(before + chunk.samples);
  if (chunk.silence) return;  // resize made zeros of it
  if (encoding_ == media::Encoding::mulaw) {
    media::decode_mulaw(chunk.data, pending_.data() + before);
    return;
  }
  for (std::size_t i = 0; i < chunk.samples; ++i) {
    pending_[before + i] = media::load_pcm16(&chunk.data[2 * i]);
  }
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
  if (auto open = cutter_.finish()) found.push_back(std::move(*open));
  pending_.clear();
}

}  // namespace trunkline::adapters
