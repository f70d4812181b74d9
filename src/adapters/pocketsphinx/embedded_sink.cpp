#include <adapters/pocketsphinx/embedded_sink.hpp>
#include <adapters/pocketsphinx/judgement.hpp>
#include <adapters/pocketsphinx/tone_detector.hpp>
#include <algorithm>

namespace trunkline::adapters {
namespace {

constexpr std::int64_t job_ms = 100;  // audio that makes a job worth its wake-up
constexpr media::Format narrowband{media::Encoding::pcm16, UtteranceCutter::sample_rate};

}  // namespace

EmbeddedSink::EmbeddedSink(const speech::TranscribeRequest& request, Leases leases,
                           std::shared_ptr<speech::TranscriptListener> listener, ThreadPool& pool,
                           JudgedUtterances& judged)
    : format_(request.format),
      language_(request.language),
      listener_(std::move(listener)),
      pool_(pool),
      judged_(judged) {
  for (std::size_t i = 0; i < leases.size(); ++i) {
    tracks_.push_back(std::make_unique<TrackState>(request.tracks[i], format_, std::move(leases[i])));
  }
}

void EmbeddedSink::on_frame(const media::Frame& frame) noexcept {
  if (frame.kind == media::FrameKind::late) return;  // its stretch was already heard as silence
  for (auto& state : tracks_) {
    if (state->track != frame.track) continue;
    if (const auto lost = state->queue.push(frame); lost > 0) {
      state->lost_samples += lost;
      ++dropped_;
    }
    unscheduled_ += frame.samples;
  }
}

void EmbeddedSink::on_batch_end() noexcept {
  if (format_.ms(static_cast<std::int64_t>(unscheduled_)) >= job_ms) schedule();
}

void EmbeddedSink::on_end(media::EndCause) noexcept {
  ended_ = true;
  schedule();
}

std::size_t EmbeddedSink::queued_bytes() const noexcept {
  std::size_t samples = 0;
  for (const auto& state : tracks_) samples += state->queue.queued_samples();
  return samples * format_.sample_bytes();
}

void EmbeddedSink::schedule() {
  unscheduled_ = 0;
  if (working_.exchange(true)) return;
  if (!pool_.try_post([self = shared_from_this()] { self->work(); })) working_ = false;
}

void EmbeddedSink::work() {
  const auto has_audio = [](const auto& state) { return state->queue.queued_samples() > 0; };
  do {
    const bool last = ended_;
    for (auto& state : tracks_) drain(*state);
    if (last) return finish();  // working_ stays set: no other job comes
    working_ = false;
  } while ((ended_ || std::ranges::any_of(tracks_, has_audio)) && !working_.exchange(true));
}

void EmbeddedSink::drain(TrackState& state) {
  report_loss(state);
  std::vector<Utterance> found;
  AudioQueue::Chunk chunk;
  while (state.queue.pop(chunk, chunk_bytes_)) {
    state.finder.add(chunk, found);
    for (const auto& utterance : found) transcribe(state, utterance);
    found.clear();
  }
}

void EmbeddedSink::report_loss(TrackState& state) {
  const auto lost = state.lost_samples.exchange(0);
  if (lost == 0) return;
  const auto ms = format_.ms(static_cast<std::int64_t>(lost));
  listener_->on_trouble("audio_lost", "the embedded engine did not keep up and missed " + std::to_string(ms) + " ms");
}

void EmbeddedSink::transcribe(TrackState& state, const Utterance& utterance) {
  if (failed_) return;
  const auto heard = hear(state, utterance);
  if (failed_) return;
  const auto confidence = confidence_in(heard);
  ++judged_.all;
  if (!confidence) {
    ++judged_.rejected;
    return;
  }
  speech::Segment segment;
  segment.track = state.track;
  segment.start_ms = narrowband.ms(utterance.speech_begin);
  segment.end_ms = narrowband.ms(utterance.speech_end);
  segment.text = Vocabulary::written(heard.words);
  segment.confidence = *confidence;
  segment.engine = "embedded";
  segment.language = language_;
  listener_->on_segment(segment);
}

Heard EmbeddedSink::hear(TrackState& state, const Utterance& utterance) {
  if (is_tone(utterance.audio)) return {};
  const auto recogniser = state.lease->recogniser();
  if (!recogniser) {
    failed_ = true;
    listener_->on_trouble(recogniser.error().code, recogniser.error().message);
    return {};
  }
  return (*recogniser)->hear(utterance.audio);
}

void EmbeddedSink::finish() {
  std::vector<Utterance> found;
  for (auto& state : tracks_) {
    state->finder.finish(found);
    for (const auto& utterance : found) transcribe(*state, utterance);
    found.clear();
    state->lease.reset();  // the next call need not wait for this sink's owner to let go
  }
  listener_->on_finished();
}

}  // namespace trunkline::adapters
