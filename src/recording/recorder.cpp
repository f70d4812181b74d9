#include "recording/window.hpp"
#include "recording/writer.hpp"

#include <trunkline/recording/recorder.hpp>
#include <trunkline/recording/wav.hpp>

#include <algorithm>
#include <utility>

namespace trunkline::recording {
namespace {

constexpr std::size_t max_patches = 64;  // before they are handed over without a block

// The stream's side of one recording: gives each frame its place in the window and hands the window over block by
// block. What comes for an older place becomes a patch, which goes along with the next block.
class Recorder final : public media::Sink {
 public:
  Recorder(media::Format format, std::shared_ptr<Writer> writer)
      : format_(format), window_(format), writer_(std::move(writer)) {
    writer_->push({});  // makes the file, so that a disk that cannot take it shows at once
  }

  std::string_view name() const override { return "recorder"; }
  void on_frame(const media::Frame& frame) noexcept override;
  void on_end(media::EndCause cause) noexcept override;
  std::size_t queued_bytes() const noexcept override { return writer_->waiting_bytes(); }
  std::uint64_t dropped() const noexcept override { return dropped_; }

 private:
  void place(std::size_t channel, std::int64_t position, std::span<const std::uint8_t> data);
  void patch(std::size_t channel, std::int64_t position, std::span<const std::uint8_t> data);
  void reach(std::int64_t position);
  void hand_over(Block block);
  // A file has no more than its header can tell: 37 hours of two channels at 8 kHz.
  std::int64_t max_frames() const { return wav_max_data_bytes / static_cast<std::int64_t>(window_.channels() * 2); }

  const media::Format format_;
  Window window_;
  std::shared_ptr<Writer> writer_;
  std::int64_t end_ = 0;  // of the longest track
  std::vector<Patch> patches_;
  std::uint64_t placed_ = 0;  // frames since the last block
  std::uint64_t dropped_ = 0;
};

void Recorder::on_frame(const media::Frame& frame) noexcept {
  const std::size_t channel = media::index(frame.track);
  if (channel >= window_.channels()) window_.widen(channel + 1);
  const std::int64_t frame_end = frame.position + frame.samples;
  if (frame.kind == media::FrameKind::silence) {
    end_ = std::max(end_, std::min(frame_end, max_frames()));
    return reach(end_);
  }
  if (writer_->failed() || frame_end > max_frames()) {
    ++dropped_;
    return;
  }
  ++placed_;
  end_ = std::max(end_, frame_end);
  place(channel, frame.position, frame.data);
}

void Recorder::place(std::size_t channel, std::int64_t position, std::span<const std::uint8_t> data) {
  const auto samples_before = [&](std::int64_t limit) {
    const auto bytes = static_cast<std::size_t>(limit - position) * format_.sample_bytes();
    return data.first(std::min(bytes, data.size()));
  };
  while (!data.empty()) {
    reach(position);
    const bool written_before = position < window_.start();
    const auto piece = samples_before(written_before ? window_.start() : window_.end());
    if (written_before) {
      patch(channel, position, piece);
    } else {
      window_.place(channel, position, piece);
    }
    data = data.subspan(piece.size());
    position += static_cast<std::int64_t>(piece.size() / format_.sample_bytes());
  }
  reach(position);
}

void Recorder::patch(std::size_t channel, std::int64_t position, std::span<const std::uint8_t> data) {
  // A track that always comes too late grows one long patch.
  const bool continues = !patches_.empty() && patches_.back().channel == channel && patches_.back().end == position;
  if (!continues) patches_.push_back({channel, position, position, {}});
  Patch& last = patches_.back();
  last.data.insert(last.data.end(), data.begin(), data.end());
  last.end += static_cast<std::int64_t>(data.size() / format_.sample_bytes());
  if (patches_.size() >= max_patches || last.end - last.position >= format_.sample_rate) hand_over({});
}

// Moves the window on until `position` is inside.
void Recorder::reach(std::int64_t position) {
  while (position >= window_.end()) {
    if (window_.blank()) {
      window_.skip_to(position);
    } else {
      const std::int64_t start = window_.start();
      hand_over({start, window_.take_block(), {}, {}, {}});
    }
  }
}

void Recorder::hand_over(Block block) {
  block.patches = std::exchange(patches_, {});
  block.channels = window_.channels();
  dropped_ += writer_->push(std::move(block)) ? 0 : placed_;
  placed_ = 0;
}

void Recorder::on_end(media::EndCause) noexcept {
  const std::int64_t start = window_.start();
  writer_->finish({start, window_.take_rest(), std::exchange(patches_, {}), window_.channels(), end_});
}

}  // namespace

std::shared_ptr<media::Sink> make_recorder(std::filesystem::path path, media::Format format, RecorderPools pools,
                                           RecordingDone done, RecorderLimits limits) {
  auto writer = std::make_shared<Writer>(std::move(path), format, pools, std::move(done), limits);
  return std::make_shared<Recorder>(format, std::move(writer));
}

}  // namespace trunkline::recording
