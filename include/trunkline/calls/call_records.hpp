#pragma once

#include <trunkline/base/clock.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace trunkline::calls {

/// How one track of a call sounded, as an event told: over a whole stream, or in a window that was worth an alert. What
/// nobody measured is empty.
struct QualityMetrics {
  std::string event_id;
  std::string kind;            ///< `summary`, `alert`
  std::string track;           ///< `inbound`, `outbound`
  std::string participant_id;  ///< whose sound it is
  WallTime recorded_at;
  std::string quality;                 ///< `excellent`, `good`, `fair`, `poor`; of a summary
  std::optional<std::int64_t> score;   ///< the same from 4 to 1
  std::optional<double> jitter_ms;     ///< interarrival jitter, RFC 3550
  std::optional<double> packet_loss;   ///< percent of the audio that was left out
  std::optional<double> late_percent;  ///< of the frames
  std::optional<std::int64_t> frames;
  std::optional<std::int64_t> lost_ms;
  std::optional<std::int64_t> gaps;
  std::optional<std::int64_t> late;
  std::optional<double> level_db;  ///< dBFS
  std::optional<double> round_trip_ms;
  std::optional<double> bandwidth_kbps;
  std::optional<double> fps;
  std::string resolution;
  std::string codec;
  std::string metric;               ///< of an alert: `loss`, `late`, `jitter`, `level`
  std::optional<double> threshold;  ///< that it crossed
};

inline constexpr std::size_t max_quality_rows = 1'000;

/// The object that REST shows; what is empty is null.
std::string to_json_text(const QualityMetrics& metrics);

}  // namespace trunkline::calls
