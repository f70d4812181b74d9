#include <trunkline/media/pcm.hpp>
#include <trunkline/media/quality_meter.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <utility>

namespace trunkline::media {
namespace {

constexpr std::size_t metric_count = 4;
// The level of speech shows as well in every fifth frame, at a fifth of the cost.
constexpr std::uint64_t level_every = 5;
constexpr double jitter_gain = 1.0 / 16;  // RFC 3550

double percent(double part, double whole) {
  return whole > 0 ? 100.0 * part / whole : 0.0;
}

QualityScore score_of(double loss, double late, double jitter) {
  if (loss <= 0.5 && late <= 1 && jitter <= 20) return QualityScore::excellent;
  if (loss <= 2 && late <= 3 && jitter <= 40) return QualityScore::good;
  if (loss <= 5 && late <= 8 && jitter <= 80) return QualityScore::fair;
  return QualityScore::poor;
}

// What a window or a whole stream adds up to.
struct Tally {
  std::uint64_t frames = 0;
  std::uint64_t gaps = 0;
  std::uint64_t late = 0;
  std::int64_t samples = 0;
  std::int64_t lost = 0;
  double squares = 0;  // of the samples that were looked at
  double looked_at = 0;
  double jitter_sum = 0;

  void operator+=(const Tally& other) {
    frames += other.frames;
    gaps += other.gaps;
    late += other.late;
    samples += other.samples;
    lost += other.lost;
    squares += other.squares;
    looked_at += other.looked_at;
    jitter_sum += other.jitter_sum;
  }

  // Late audio is taken off in the window in which it came, which may have lost nothing itself.
  std::int64_t never_came() const { return std::max<std::int64_t>(lost, 0); }
  double loss_percent() const { return percent(static_cast<double>(never_came()), static_cast<double>(samples)); }
  double late_percent() const { return percent(static_cast<double>(late), static_cast<double>(frames + late)); }
  double level() const { return level_dbfs(looked_at > 0 ? squares / looked_at : 0); }
  double mean_jitter() const { return frames > 0 ? jitter_sum / static_cast<double>(frames) : 0; }
};

// One track. `received`: it comes from the carrier, so that gaps and arrival times mean something.
class TrackMeter {
 public:
  TrackMeter(Format format, bool received, std::int64_t window)
      : format_(format), received_(received), window_(window) {}

  // Takes a frame; true when it completes a window, which then waits in window().
  bool take(const Frame& frame) {
    if (frame.kind == FrameKind::late) {
      if (received_) take_late(frame);
      return false;
    }
    end_ = frame.position + frame.samples;
    tally_.samples += frame.samples;
    if (frame.kind == FrameKind::silence) {
      take_silence(frame);
    } else {
      take_audio(frame);
    }
    return tally_.samples >= window_;
  }

  const Tally& window() const { return tally_; }
  std::int64_t end_ms() const { return format_.ms(end_); }
  bool received() const { return received_; }

  // True when `value` has just gone above `threshold`.
  bool crossed(QualityMetric metric, double value, double threshold) {
    bool& above = above_[static_cast<std::size_t>(metric)];
    const bool was_above = std::exchange(above, value > threshold);
    return above && !was_above;
  }

  void next_window() {
    whole_ += tally_;
    tally_ = {};
  }

  std::optional<TrackQuality> quality() {
    next_window();
    if (whole_.frames == 0) return std::nullopt;
    TrackQuality quality{
        whole_.frames,         whole_.gaps,           whole_.late,          format_.ms(whole_.never_came()),
        whole_.loss_percent(), whole_.late_percent(), whole_.mean_jitter(), jitter_peak_,
        whole_.level()};
    quality.score = score_of(quality.loss_percent, quality.late_percent, quality.jitter_ms);
    return quality;
  }

 private:
  void take_silence(const Frame& frame) {
    const bool first = !last_end_;  // before a track's first frame nothing was lost
    if (!received_ || first) return;
    ++tally_.gaps;
    tally_.lost += frame.samples;
  }

  void take_late(const Frame& frame) {
    ++tally_.late;
    tally_.lost -= frame.samples;
  }

  void take_audio(const Frame& frame) {
    if (received_) take_arrival(frame);
    if (seen_++ % level_every == 0) take_level(frame);
    ++tally_.frames;
    tally_.jitter_sum += jitter_;
    last_end_ = end_;
  }

  void take_arrival(const Frame& frame) {
    if (last_end_) {
      using Milliseconds = std::chrono::duration<double, std::milli>;
      const double apart = Milliseconds(frame.arrived - last_arrived_).count();
      const double length = static_cast<double>(end_ - *last_end_) * 1000.0 / format_.sample_rate;
      jitter_ += (std::abs(apart - length) - jitter_) * jitter_gain;
      jitter_peak_ = std::max(jitter_peak_, jitter_);
    }
    last_arrived_ = frame.arrived;
  }

  void take_level(const Frame& frame) {
    std::int64_t squares = 0;
    for_each_sample(format_.encoding, frame.data, [&](int sample) { squares += sample * sample; });
    tally_.squares += static_cast<double>(squares);
    tally_.looked_at += frame.samples;
  }

  Format format_;
  bool received_;
  std::int64_t window_;  // samples
  std::int64_t end_ = 0;
  std::uint64_t seen_ = 0;
  std::optional<std::int64_t> last_end_;  // of the last audio
  MonoTime last_arrived_;
  double jitter_ = 0;
  double jitter_peak_ = 0;
  Tally tally_;  // of this window
  Tally whole_;  // of the windows before
  std::array<bool, metric_count> above_{};
};

class QualityMeter final : public Sink {
 public:
  QualityMeter(Format format, QualityListener& listener, const QualityOptions& options)
      : listener_(listener),
        thresholds_(options.thresholds),
        far_end_(format, true, format.samples(options.window_ms)),
        tracks_{far_end_, TrackMeter(format, options.outbound_received, format.samples(options.window_ms))} {}

  std::string_view name() const override { return "meter"; }

  void on_frame(const Frame& frame) noexcept override {
    if (tracks_.size() <= index(frame.track)) tracks_.resize(index(frame.track) + 1, far_end_);
    TrackMeter& track = tracks_[index(frame.track)];
    if (!track.take(frame)) return;
    raise_alerts(frame.track, track);
    track.next_window();
  }

  void on_end(EndCause) noexcept override {
    QualitySummary summary;
    for (TrackMeter& track : tracks_) {
      summary.tracks.push_back(track.quality());
      if (const auto& quality = summary.tracks.back()) summary.score = std::max(summary.score, quality->score);
    }
    listener_.on_summary(summary);
  }

 private:
  void raise_alerts(Track name, TrackMeter& track) {
    const Tally& window = track.window();
    const auto check = [&](QualityMetric metric, double value, double threshold) {
      if (track.crossed(metric, value, threshold)) {
        listener_.on_alert({name, metric, value, threshold, track.end_ms()});
      }
    };
    check(QualityMetric::level, window.level(), thresholds_.level_dbfs);
    if (!track.received()) return;
    check(QualityMetric::loss, window.loss_percent(), thresholds_.loss_percent);
    check(QualityMetric::late, window.late_percent(), thresholds_.late_percent);
    check(QualityMetric::jitter, window.mean_jitter(), thresholds_.jitter_ms);
  }

  QualityListener& listener_;
  QualityThresholds thresholds_;
  const TrackMeter far_end_;  // one that has heard nothing
  std::vector<TrackMeter> tracks_;
};

}  // namespace

std::shared_ptr<Sink> make_quality_meter(Format format, QualityListener& listener, QualityOptions options) {
  return std::make_shared<QualityMeter>(format, listener, options);
}

}  // namespace trunkline::media
