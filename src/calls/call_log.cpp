#include "call_log.hpp"

#include "call_records.hpp"
#include "derive.hpp"
#include "event_fields.hpp"

#include <trunkline/calls/fold.hpp>

#include <cstdint>
#include <set>
#include <utility>

namespace trunkline::calls {
namespace {

using store::Value;

const std::string orphaned = "orphaned";

Value time_or_null(const std::optional<WallTime>& time) {
  return time ? Value(to_millis(*time)) : Value();
}
Value text(std::string_view view) {
  return std::string(view);
}

bool settles_recording(EventType type) {
  return type == EventType::recording_completed || type == EventType::recording_failed;
}

bool tells_quality(EventType type) {
  return type == EventType::quality_summary || type == EventType::quality_alert;
}

Value or_else(Value value, Value otherwise) {
  return std::holds_alternative<std::monostate>(value) ? std::move(otherwise) : std::move(value);
}

/// Who says how a recording came out. Of two the later here counts: who wrote it knows best, who repaired what was left
/// has seen that, and whoever gave it up has seen nothing.
enum class Word : std::uint8_t { none, gave_up, repaired, wrote };

Word word_of(bool given_up, bool recovered) {
  if (given_up) return Word::gave_up;
  return recovered ? Word::repaired : Word::wrote;
}
Word word_of(const store::Row& recording) {
  if (recording.text(0) == "recording") return Word::none;
  return word_of(recording.text(1) == orphaned, recording.integer(2) != 0);
}
Word word_of(const Event& event, const Fields& data) {
  const bool failed = event.type == EventType::recording_failed;
  return word_of(failed && data.text("reason") == Value(orphaned), data.truth("recovered") == Value(std::int64_t{1}));
}

std::string as_correction(const std::string& data) {
  auto object = nlohmann::json::parse(data);
  object["correction"] = true;
  return object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Event told_before(Event event) {
  event.version = 0;
  return event;
}

bool insert_call(store::Sql& sql, const Call& call) {
  return sql.execute(
             "INSERT INTO calls (id, provider, provider_call_id, direction, state, terminal, from_address, to_address, "
             "created_at, end_reason, version, touched_at, updated_at, snapshot) "
             "VALUES ($1, $2, $3, $4, $5, 0, '', '', $6, '', 0, $6, $6, $7) "
             "ON CONFLICT (provider, provider_call_id) DO NOTHING",
             {call.id, call.provider, call.provider_call_id, text(to_string(call.direction)),
              text(to_string(call.state)), to_millis(call.created_at), to_snapshot(call)}) == 1;
}

void update_call(store::Sql& sql, const Call& call, WallTime now) {
  sql.post(
      "UPDATE calls SET direction = $2, state = $3, terminal = $4, from_address = $5, to_address = $6, "
      "connected_at = $7, ended_at = $8, duration_s = $9, end_reason = $10, version = $11, touched_at = $12, "
      "updated_at = $12, snapshot = $13, node = $14, ended_by = $15 WHERE id = $1",
      {call.id, text(to_string(call.direction)), text(to_string(call.state)), std::int64_t{is_terminal(call.state)},
       call.from, call.to, time_or_null(call.connected_at), time_or_null(call.ended_at),
       call.duration_s ? Value(*call.duration_s) : Value(), call.end_reason, call.version, to_millis(now),
       to_snapshot(call), call.node, ended_by(call)});
}

// False when it is there already.
bool insert_event(store::Sql& sql, const Event& event, WallTime now) {
  const auto rows = sql.query(
      "INSERT INTO call_events (id, call_id, version, type, at, stored_at, state, data) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO NOTHING RETURNING ordinal",
      {event.id, event.call_id, event.version, text(to_string(event.type)), to_millis(event.at), to_millis(now),
       text(to_string(event.state)), event.data});
  if (rows.empty()) return false;
  sql.post("INSERT INTO outbox (ordinal) VALUES ($1)", {rows.front().integer(0)});
  return true;
}

}  // namespace

Call read_snapshot(const std::string& snapshot) {
  auto call = from_snapshot(snapshot);
  if (!call) throw store::SqlFailure(store::SqlFailure::Kind::damaged, call.error().detail);
  return std::move(*call);
}

Call* CallLog::adopt(const std::vector<store::Row>& snapshots) {
  if (snapshots.empty()) return nullptr;
  Call call = read_snapshot(snapshots.front().text(0));
  return &hold(std::move(call), true);
}

Call& CallLog::hold(Call call, bool stored) {
  auto participants = stored ? call.participants : std::vector<Participant>();
  std::string id = call.id;
  const auto held = calls_.try_emplace(std::move(id), Held{std::move(call), std::move(participants)}).first;
  return held->second.call;  // the one with unsaved events, if any
}

// An UPDATE with RETURNING locks and reads in one statement that every driver knows.
Call* CallLog::lock(const std::string& call_id) {
  if (const auto found = calls_.find(call_id); found != calls_.end()) return &found->second.call;
  return adopt(
      sql_.query("UPDATE calls SET touched_at = $2 WHERE id = $1 RETURNING snapshot", {call_id, to_millis(now_)}));
}

Call* CallLog::lock(const std::string& provider, const std::string& provider_call_id) {
  return adopt(
      sql_.query("UPDATE calls SET touched_at = $3 WHERE provider = $1 AND provider_call_id = $2 RETURNING snapshot",
                 {provider, provider_call_id, to_millis(now_)}));
}

Call& CallLog::lock_or_create(const std::string& provider, const std::string& provider_call_id,
                              const std::string& new_id) {
  if (Call* known = lock(provider, provider_call_id)) return *known;
  Call call;
  call.id = new_id;
  call.provider = provider;
  call.provider_call_id = provider_call_id;
  call.created_at = now_;
  if (insert_call(sql_, call)) return hold(std::move(call), false);
  // Another node made it between the two statements, and has committed: the INSERT waited for that.
  if (Call* known = lock(provider, provider_call_id)) return *known;
  throw store::SqlFailure(store::SqlFailure::Kind::other, "a call is neither there nor can it be made");
}

Event CallLog::append(Call& call, Event event) {
  if (settles_recording(event.type) && !settle_recording(call, event)) return told_before(std::move(event));
  Call next = call;
  event.call_id = call.id;
  event.version = call.version + 1;
  apply(next, event);
  event.state = next.state;
  if (!insert_event(sql_, event, now_)) return told_before(std::move(event));
  if (event.type == EventType::transcript_segment) insert_segment(event);
  if (tells_quality(event.type)) insert_quality(sql_, next, event);
  const auto previous = call.version == 0 ? std::nullopt : std::optional(call.state);
  call = std::move(next);
  appended_.push_back({event, call, previous});
  return event;
}

void CallLog::insert_segment(const Event& event) {
  const Fields data(event);
  if (!data.usable()) return;
  const auto word = [&](const char* key) { return or_else(data.text(key), std::string()); };
  const auto ms = [&](const char* key) { return or_else(data.integer(key), std::int64_t{0}); };
  sql_.post(
      "INSERT INTO transcript_segments (id, call_id, track, start_ms, end_ms, text, confidence, engine, language) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO NOTHING",
      {word("segmentId"), event.call_id, word("track"), ms("startMs"), ms("endMs"), word("text"),
       or_else(data.real("confidence"), 0.0), word("engine"), word("language")});
}

// The call is locked: nobody else settles its recordings meanwhile.
bool CallLog::settle_recording(const Call& call, Event& event) {
  const Fields data(event);
  if (!data.has("recordingId")) return true;  // the provider's own
  const auto rows = sql_.query("SELECT state, failure, recovered FROM call_recordings WHERE id = $1 AND call_id = $2",
                               {data.text("recordingId"), call.id});
  if (rows.empty()) return false;
  const Word known = word_of(rows.front());
  if (word_of(event, data) <= known) return false;
  write_recording(event, data);
  if (known != Word::none) event.data = as_correction(event.data);
  return true;
}

void CallLog::write_recording(const Event& event, const Fields& data) {
  const bool completed = event.type == EventType::recording_completed;
  sql_.post(
      "UPDATE call_recordings SET state = $3, completed_at = $4, duration_ms = COALESCE($5, duration_ms), "
      "size_bytes = COALESCE($6, size_bytes), sha256 = COALESCE($7, sha256), channels = COALESCE($8, channels), "
      "sample_rate = COALESCE($9, sample_rate), format = COALESCE($10, format), recovered = $11, failure = $12, "
      "updated_at = $2 WHERE id = $1",
      {data.text("recordingId"), to_millis(now_), text(completed ? "completed" : "failed"), to_millis(event.at),
       data.integer("durationMs"), data.integer("sizeBytes"), data.text("sha256"), data.integer("channels"),
       data.integer("sampleRate"), data.text("format"), data.truth("recovered"),
       completed ? text("") : or_else(data.text("reason"), text("unknown"))});
}

std::vector<Committed> CallLog::finish() {
  std::set<std::string> changed;
  for (const Committed& committed : appended_) changed.insert(committed.event.call_id);
  for (const std::string& id : changed) {
    const Held& held = calls_.at(id);
    update_call(sql_, held.call, now_);
    write_participants(sql_, held.call, held.stored_participants, now_);
  }
  return std::move(appended_);
}

}  // namespace trunkline::calls
