#pragma once

#include <trunkline/base/thread_pool.hpp>
#include <trunkline/speech/transcriber.hpp>

#include <adapters/pocketsphinx/audio_queue.hpp>
#include <adapters/pocketsphinx/recogniser_pool.hpp>
#include <adapters/pocketsphinx/speech_finder.hpp>
#include <atomic>
#include <memory>
#include <vector>

namespace trunkline::adapters {

struct JudgedUtterances {
  std::atomic<std::uint64_t> all{0};
  std::atomic<std::uint64_t> rejected{0};
};

/// One stream's way through the embedded engine. The stream's worker only copies audio into a queue a track; a job on
/// the pool finds and decodes utterances. There is at most one job a stream, so a stream's work stays in order and the
/// pool's queue never holds more jobs than there are leases.
class EmbeddedSink final : public media::Sink, public std::enable_shared_from_this<EmbeddedSink> {
 public:
  using Leases = std::vector<std::unique_ptr<RecogniserPool::Lease>>;

  /// One lease for each of the request's tracks.
  EmbeddedSink(const speech::TranscribeRequest& request, Leases leases,
               std::shared_ptr<speech::TranscriptListener> listener, ThreadPool& pool, JudgedUtterances& judged);

  std::string_view name() const override { return "embedded"; }
  void on_frame(const media::Frame& frame) noexcept override;
  void on_batch_end() noexcept override;
  void on_end(media::EndCause cause) noexcept override;
  std::size_t queued_bytes() const noexcept override;
  std::uint64_t dropped() const noexcept override { return dropped_; }

 private:
  struct TrackState {
    TrackState(media::Track t, media::Format format, std::unique_ptr<RecogniserPool::Lease> l)
        : track(t), queue(format), finder(format), lease(std::move(l)) {}

    media::Track track;
    AudioQueue queue;
    SpeechFinder finder;
    std::unique_ptr<RecogniserPool::Lease> lease;
    std::atomic<std::uint64_t> lost_samples{0};
  };

  void schedule();
  void work();
  void drain(TrackState& track);
  void report_loss(TrackState& track);
  void transcribe(TrackState& track, const Utterance& utterance);
  Heard hear(TrackState& track, const Utterance& utterance);
  void finish();

  const media::Format format_;
  const std::string language_;
  const std::shared_ptr<speech::TranscriptListener> listener_;
  ThreadPool& pool_;
  JudgedUtterances& judged_;
  std::vector<std::unique_ptr<TrackState>> tracks_;
  std::uint64_t dropped_ = 0;      // worker thread
  std::uint64_t unscheduled_ = 0;  // worker thread: samples since the last job was asked for
  std::atomic<bool> working_{false};
  std::atomic<bool> ended_{false};
  bool failed_ = false;                    // pool threads
  std::vector<std::uint8_t> chunk_bytes_;  // pool threads
};

}  // namespace trunkline::adapters
