#pragma once

#include <trunkline/media/sink.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace trunkline::media {

/// What is measured over each window of a track.
enum class QualityMetric : std::uint8_t {
  loss,    ///< percent of the window that the carrier left out
  late,    ///< percent of the frames that came after their place was given as silence
  jitter,  ///< ms, interarrival jitter as RFC 3550 section 6.4.1 smooths it
  level,   ///< dBFS, mean over the window
};
constexpr std::string_view to_string(QualityMetric metric) {
  constexpr std::string_view names[] = {"loss", "late", "jitter", "level"};
  return names[static_cast<std::size_t>(metric)];
}

/// The worst metric decides:
///
/// | score     | loss   | late  | jitter  |
/// |-----------|--------|-------|---------|
/// | excellent | <= 0.5 | <= 1  | <= 20   |
/// | good      | <= 2   | <= 3  | <= 40   |
/// | fair      | <= 5   | <= 8  | <= 80   |
/// | poor      | above  | above | above   |
enum class QualityScore : std::uint8_t { excellent, good, fair, poor };
constexpr std::string_view to_string(QualityScore score) {
  constexpr std::string_view names[] = {"excellent", "good", "fair", "poor"};
  return names[static_cast<std::size_t>(score)];
}

/// Above these a window raises an alert: where a listener begins to be disturbed.
struct QualityThresholds {
  double loss_percent = 2;
  double late_percent = 3;
  double jitter_ms = 60;
  double level_dbfs = -6;  ///< a mean this high is overdriven; speech stands at -20 to -30
};

struct QualityOptions {
  QualityThresholds thresholds = {};
  std::int64_t window_ms = 5'000;
  /// Whether the outbound track comes from the carrier. Our own audio as played is measured by level only: its pauses
  /// are no loss and its arrival says nothing about the network.
  bool outbound_received = false;
};

struct QualityAlert {
  Track track = Track::inbound;
  QualityMetric metric = QualityMetric::loss;
  double value = 0;
  double threshold = 0;
  std::int64_t position_ms = 0;  ///< end of the window, on the recording's clock
};

/// One track over the whole stream.
struct TrackQuality {
  std::uint64_t frames = 0;
  std::uint64_t gaps = 0;
  std::uint64_t late = 0;
  std::int64_t lost_ms = 0;
  double loss_percent = 0;
  double late_percent = 0;
  double jitter_ms = 0;       ///< mean of the smoothed jitter
  double jitter_peak_ms = 0;  ///< its highest value
  double level_dbfs = 0;
  QualityScore score = QualityScore::excellent;
};

/// `tracks` by index; empty for a track that carried no audio.
struct QualitySummary {
  std::vector<std::optional<TrackQuality>> tracks;
  QualityScore score = QualityScore::excellent;  ///< of the worst track
};

/// Told on the stream's thread; must not block.
class QualityListener {
 public:
  virtual ~QualityListener() = default;
  /// Once when a metric crosses its threshold; again only after a window in which it was back.
  virtual void on_alert(const QualityAlert& alert) noexcept = 0;
  /// Once, at the stream's end.
  virtual void on_summary(const QualitySummary& summary) noexcept = 0;
};

/// Measures one stream. `listener` must live until the stream has ended.
std::shared_ptr<Sink> make_quality_meter(Format format, QualityListener& listener, QualityOptions options = {});

}  // namespace trunkline::media
