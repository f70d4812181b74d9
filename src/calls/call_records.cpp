#include "call_records.hpp"

#include "event_fields.hpp"

#include <trunkline/base/text.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace trunkline::calls {
namespace {

using store::Value;
using json = nlohmann::ordered_json;

Value time_or_null(const std::optional<WallTime>& time) {
  return time ? Value(to_millis(*time)) : Value();
}

// 4 for excellent to 1 for poor.
Value score_of(const Value& quality) {
  static constexpr std::array<std::string_view, 4> ranked = {"poor", "fair", "good", "excellent"};
  const auto* word = std::get_if<std::string>(&quality);
  if (word == nullptr) return {};
  const auto found = std::ranges::find(ranked, *word);
  return found == ranked.end() ? Value() : Value(std::int64_t{found - ranked.begin() + 1});
}

// What comes in is the other party's sound: in a call that we made that is the callee.
std::string participant_of(const Call& call, std::string_view track) {
  const bool caller = (track == "inbound") == (call.direction == Direction::inbound);
  return caller ? "caller" : "callee";
}

void insert_summary(store::Sql& sql, const Call& call, const Event& event, const std::string& track,
                    const Fields& data) {
  sql.post(
      "INSERT INTO call_quality_metrics (call_id, event_id, track, participant_id, kind, recorded_at, quality, score, "
      "jitter_ms, packet_loss, late_percent, frames, lost_ms, gaps, late, level_db) "
      "VALUES ($1, $2, $3, $4, 'summary', $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) ON CONFLICT DO NOTHING",
      {call.id, event.id, track, participant_of(call, track), to_millis(event.at), data.text("score"),
       score_of(data.text("score")), data.real("jitterMs"), data.real("lossPercent"), data.real("latePercent"),
       data.integer("frames"), data.integer("lostMs"), data.integer("gaps"), data.integer("late"),
       data.real("levelDb")});
}

// The value stands in the column of what was measured.
void insert_alert(store::Sql& sql, const Call& call, const Event& event, const Fields& data) {
  const Value named = data.text("track");
  const auto* track = std::get_if<std::string>(&named);
  if (track == nullptr) return;
  const Value metric = data.text("metric");
  const auto value_of = [&](const char* name) {
    return metric == Value(std::string(name)) ? data.real("value") : Value();
  };
  sql.post(
      "INSERT INTO call_quality_metrics (call_id, event_id, track, participant_id, kind, recorded_at, jitter_ms, "
      "packet_loss, late_percent, level_db, metric, threshold) "
      "VALUES ($1, $2, $3, $4, 'alert', $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING",
      {call.id, event.id, *track, participant_of(call, *track), to_millis(event.at), value_of("jitter"),
       value_of("loss"), value_of("late"), value_of("level"), metric, data.real("threshold")});
}

/// A row's columns one after the other.
class Columns {
 public:
  explicit Columns(const store::Row& row) : row_(row) {}
  std::string text() { return row_.text_or_null(next_++).value_or(std::string()); }
  WallTime time() { return from_millis(row_.integer(next_++)); }
  std::optional<std::int64_t> integer() { return row_.integer_or_null(next_++); }
  std::optional<double> real() { return row_.real_or_null(next_++); }

 private:
  const store::Row& row_;
  std::size_t next_ = 0;
};

// In the order of the columns of find_quality(), which is that of the members.
QualityMetrics read_metrics(const store::Row& row) {
  Columns next(row);
  return {next.text(),    next.text(),    next.text(), next.text(), next.time(),    next.text(),
          next.integer(), next.real(),    next.real(), next.real(), next.integer(), next.integer(),
          next.integer(), next.integer(), next.real(), next.real(), next.real(),    next.real(),
          next.text(),    next.text(),    next.text(), next.real()};
}

json shown(const std::string& text) {
  return text.empty() ? json(nullptr) : json(text);
}
template <class Number>
json shown(const std::optional<Number>& number) {
  return number ? json(*number) : json(nullptr);
}

}  // namespace

void write_participants(store::Sql& sql, const Call& call, const std::vector<Participant>& before, WallTime now) {
  for (const Participant& participant : call.participants) {
    if (std::ranges::find(before, participant) != before.end()) continue;
    sql.post(
        "INSERT INTO call_participants (call_id, id, address, role, joined_at, left_at, created_at, updated_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $7) ON CONFLICT (call_id, id) DO UPDATE SET address = excluded.address, "
        "role = excluded.role, joined_at = excluded.joined_at, left_at = excluded.left_at, duration_s = NULL, "
        "updated_at = excluded.updated_at",
        {call.id, participant.id, participant.address, participant.role, time_or_null(participant.joined_at),
         time_or_null(participant.left_at), to_millis(now)});
  }
}

void insert_quality(store::Sql& sql, const Call& call, const Event& event) {
  const Fields data(event);
  if (event.type == EventType::quality_alert) return insert_alert(sql, call, event, data);
  const Fields tracks = data.within("tracks");
  for (const char* track : {"inbound", "outbound"}) {
    if (tracks.has(track)) insert_summary(sql, call, event, track, tracks.within(track));
  }
}

std::vector<QualityMetrics> find_quality(store::Sql& sql, const std::string& call_id) {
  const auto rows = sql.query(
      "SELECT event_id, kind, track, participant_id, recorded_at, quality, score, jitter_ms, packet_loss, "
      "late_percent, frames, lost_ms, gaps, late, level_db, round_trip_ms, bandwidth_kbps, fps, resolution, codec, "
      "metric, threshold FROM call_quality_metrics WHERE call_id = $1 ORDER BY event_id DESC, track DESC LIMIT $2",
      {call_id, static_cast<std::int64_t>(max_quality_rows)});
  std::vector<QualityMetrics> metrics;
  metrics.reserve(rows.size());
  for (const store::Row& row : rows) metrics.push_back(read_metrics(row));
  std::ranges::reverse(metrics);
  return metrics;
}

std::string to_json_text(const QualityMetrics& metrics) {
  const json out = {{"eventId", metrics.event_id},
                    {"kind", metrics.kind},
                    {"track", metrics.track},
                    {"participantId", shown(metrics.participant_id)},
                    {"recordedAt", text::to_rfc3339(metrics.recorded_at)},
                    {"quality", shown(metrics.quality)},
                    {"score", shown(metrics.score)},
                    {"jitterMs", shown(metrics.jitter_ms)},
                    {"packetLoss", shown(metrics.packet_loss)},
                    {"latePercent", shown(metrics.late_percent)},
                    {"frames", shown(metrics.frames)},
                    {"lostMs", shown(metrics.lost_ms)},
                    {"gaps", shown(metrics.gaps)},
                    {"late", shown(metrics.late)},
                    {"levelDb", shown(metrics.level_db)},
                    {"roundTripMs", shown(metrics.round_trip_ms)},
                    {"bandwidthKbps", shown(metrics.bandwidth_kbps)},
                    {"fps", shown(metrics.fps)},
                    {"resolution", shown(metrics.resolution)},
                    {"codec", shown(metrics.codec)},
                    {"metric", shown(metrics.metric)},
                    {"threshold", shown(metrics.threshold)}};
  return out.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace trunkline::calls
