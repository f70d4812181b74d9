#include "call_records.hpp"

#include "event_fields.hpp"

#include <trunkline/base/text.hpp>
#include <trunkline/media/frame.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace trunkline::calls {
namespace {

using store::Value;
using json = nlohmann::ordered_json;

using store::SetStatement;
using Type = SetStatement::Type;

const SetStatement upsert_participant = SetStatement::insert(
    "call_participants",
    {{"call_id", Type::text},
     {"id", Type::text},
     {"address", Type::text},
     {"role", Type::text},
     {"joined_at", Type::integer},
     {"left_at", Type::integer},
     {"created_at", Type::integer},
     {"updated_at", Type::integer}},
    "ON CONFLICT (call_id, id) DO UPDATE SET address = excluded.address, role = excluded.role, "
    "joined_at = excluded.joined_at, left_at = excluded.left_at, duration_s = NULL, updated_at = excluded.updated_at");

const SetStatement insert_summary = SetStatement::insert("call_quality_metrics",
                                                         {{"call_id", Type::text},
                                                          {"event_id", Type::text},
                                                          {"track", Type::text},
                                                          {"participant_id", Type::text},
                                                          {"kind", Type::text},
                                                          {"recorded_at", Type::integer},
                                                          {"quality", Type::text},
                                                          {"score", Type::integer},
                                                          {"jitter_ms", Type::real},
                                                          {"packet_loss", Type::real},
                                                          {"late_percent", Type::real},
                                                          {"frames", Type::integer},
                                                          {"lost_ms", Type::integer},
                                                          {"gaps", Type::integer},
                                                          {"late", Type::integer},
                                                          {"level_db", Type::real}},
                                                         "ON CONFLICT DO NOTHING");

const SetStatement insert_alert = SetStatement::insert("call_quality_metrics",
                                                       {{"call_id", Type::text},
                                                        {"event_id", Type::text},
                                                        {"track", Type::text},
                                                        {"participant_id", Type::text},
                                                        {"kind", Type::text},
                                                        {"recorded_at", Type::integer},
                                                        {"jitter_ms", Type::real},
                                                        {"packet_loss", Type::real},
                                                        {"late_percent", Type::real},
                                                        {"level_db", Type::real},
                                                        {"metric", Type::text},
                                                        {"threshold", Type::real}},
                                                       "ON CONFLICT DO NOTHING");

const SetStatement insert_segment = SetStatement::insert("transcript_segments",
                                                         {{"id", Type::text},
                                                          {"call_id", Type::text},
                                                          {"track", Type::text},
                                                          {"start_ms", Type::integer},
                                                          {"end_ms", Type::integer},
                                                          {"text", Type::text},
                                                          {"confidence", Type::real},
                                                          {"engine", Type::text},
                                                          {"language", Type::text}},
                                                         "ON CONFLICT (id) DO NOTHING");

const SetStatement insert_name = SetStatement::insert(
    "call_names", {{"provider", Type::text}, {"kind", Type::text}, {"name", Type::text}, {"call_id", Type::text}},
    "ON CONFLICT (provider, kind, name) DO NOTHING");

// 4 for excellent to 1 for poor.
Value score_of(const Value& quality) {
  static constexpr std::array<std::string_view, 4> ranked = {"poor", "fair", "good", "excellent"};
  const auto* word = std::get_if<std::string>(&quality);
  if (word == nullptr) return {};
  const auto found = std::ranges::find(ranked, *word);
  return found == ranked.end() ? Value() : Value(std::int64_t{found - ranked.begin() + 1});
}

// What comes in is the other party's sound: in a call that we made that is the callee. Who else speaks, `track.started`
// has told.
Value participant_of(const Call& call, std::string_view track) {
  const bool inbound = track == media::to_string(media::Track::inbound);
  if (!inbound && track != media::to_string(media::Track::outbound)) return {};
  const bool caller = inbound == (call.direction == Direction::inbound);
  return std::string(caller ? "caller" : "callee");
}

void add_summary(CallLog& log, const Call& call, const Event& event, const std::string& track, const Fields& data) {
  log.add(insert_summary, {call.id, event.id, track, participant_of(call, track), std::string("summary"),
                           to_millis(event.at), data.text("score"), score_of(data.text("score")), data.real("jitterMs"),
                           data.real("lossPercent"), data.real("latePercent"), data.integer("frames"),
                           data.integer("lostMs"), data.integer("gaps"), data.integer("late"), data.real("levelDb")});
}

// The value stands in the column of what was measured.
void add_alert(CallLog& log, const Call& call, const Event& event, const Fields& data) {
  const Value named = data.text("track");
  const auto* track = std::get_if<std::string>(&named);
  if (track == nullptr) return;
  const Value metric = data.text("metric");
  const auto value_of = [&](const char* name) {
    return metric == Value(std::string(name)) ? data.real("value") : Value();
  };
  log.add(insert_alert,
          {call.id, event.id, *track, participant_of(call, *track), std::string("alert"), to_millis(event.at),
           value_of("jitter"), value_of("loss"), value_of("late"), value_of("level"), metric, data.real("threshold")});
}

void add_quality(CallLog& log, const Call& call, const Event& event) {
  const Fields data(event);
  const Fields tracks = data.within("tracks");
  for (const std::string_view name : media::track_names) {
    const std::string track(name);
    if (tracks.has(track.c_str())) add_summary(log, call, event, track, tracks.within(track.c_str()));
  }
}

void add_segment(CallLog& log, const Event& event) {
  const Fields data(event);
  if (!data.usable()) return;
  const auto word = [&](const char* key) { return or_else(data.text(key), std::string()); };
  const auto ms = [&](const char* key) { return or_else(data.integer(key), std::int64_t{0}); };
  log.add(insert_segment, {word("segmentId"), event.call_id, word("track"), ms("startMs"), ms("endMs"), word("text"),
                           or_else(data.real("confidence"), 0.0), word("engine"), word("language")});
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

void add_names(CallLog& log, const Call& call) {
  for (const auto& [kind, name] : call.merge.names) log.add(insert_name, {call.provider, kind, name, call.id});
}

void add_participants(CallLog& log, const Call& call, const std::vector<Participant>& before) {
  for (const Participant& participant : call.participants) {
    if (std::ranges::find(before, participant) != before.end()) continue;
    log.add(upsert_participant,
            {call.id, participant.id, participant.address, participant.role, time_or_null(participant.joined_at),
             time_or_null(participant.left_at), to_millis(log.now()), to_millis(log.now())});
  }
}

void add_records(CallLog& log, const Call& call, const Event& event) {
  switch (event.type) {
    case EventType::transcript_segment:
      return add_segment(log, event);
    case EventType::quality_summary:
      return add_quality(log, call, event);
    case EventType::quality_alert:
      return add_alert(log, call, event, Fields(event));
    default:
      return;
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
