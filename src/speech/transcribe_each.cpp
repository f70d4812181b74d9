#include <trunkline/speech/transcribe_each.hpp>

#include <array>
#include <atomic>
#include <utility>

namespace trunkline::speech {
namespace {

/// What the engine reports of one track goes on to the one listener, who hears of the end when all tracks and the
/// stream itself are over.
class SharedListener final : public TranscriptListener {
 public:
  explicit SharedListener(std::shared_ptr<TranscriptListener> listener) : listener_(std::move(listener)) {}

  void add() { ++running_; }
  void on_segment(const Segment& segment) override { listener_->on_segment(segment); }
  void on_trouble(const std::string& reason, const std::string& message) override {
    listener_->on_trouble(reason, message);
  }
  void on_finished() override {
    if (--running_ == 0) listener_->on_finished();
  }

 private:
  const std::shared_ptr<TranscriptListener> listener_;
  std::atomic<std::size_t> running_{1};  // the stream
};

class EachTrack final : public media::Sink {
 public:
  EachTrack(Transcriber& engine, TranscribeRequest request, std::shared_ptr<TranscriptListener> listener)
      : engine_(engine),
        request_(std::move(request)),
        listener_(std::make_shared<SharedListener>(std::move(listener))) {}

  std::string_view name() const override { return engine_.engine(); }

  void on_frame(const media::Frame& frame) noexcept override {
    if (frame.track == media::Track::outbound) return;
    Line& line = lines_[media::index(frame.track)];
    if (!std::exchange(line.asked_for, true)) line.sink = open(frame.track);
    if (line.sink) line.sink->on_frame(frame);
  }

  void on_batch_end() noexcept override {
    for (const Line& line : lines_) {
      if (line.sink) line.sink->on_batch_end();
    }
  }

  void on_end(media::EndCause cause) noexcept override {
    for (const Line& line : lines_) {
      if (line.sink) line.sink->on_end(cause);
    }
    listener_->on_finished();
  }

  std::size_t queued_bytes() const noexcept override {
    std::size_t bytes = 0;
    for (const Line& line : lines_) bytes += line.sink ? line.sink->queued_bytes() : 0;
    return bytes;
  }

  std::uint64_t dropped() const noexcept override {
    std::uint64_t frames = 0;
    for (const Line& line : lines_) frames += line.sink ? line.sink->dropped() : 0;
    return frames;
  }

 private:
  struct Line {
    bool asked_for = false;
    std::shared_ptr<media::Sink> sink;  // none: the engine refused it
  };

  std::shared_ptr<media::Sink> open(media::Track track) {
    request_.tracks = {track};
    listener_->add();
    auto sink = engine_.open(request_, listener_);
    if (sink) return *sink;
    listener_->on_trouble(sink.error().code, sink.error().message);
    listener_->on_finished();
    return nullptr;
  }

  Transcriber& engine_;
  TranscribeRequest request_;
  const std::shared_ptr<SharedListener> listener_;
  std::array<Line, media::max_tracks> lines_;
};

}  // namespace

std::shared_ptr<media::Sink> transcribe_each(Transcriber& engine, TranscribeRequest request,
                                             std::shared_ptr<TranscriptListener> listener) {
  return std::make_shared<EachTrack>(engine, std::move(request), std::move(listener));
}

}  // namespace trunkline::speech
