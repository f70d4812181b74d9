#include "call_log.hpp"

#include "call_records.hpp"
#include "derive.hpp"
#include "event_fields.hpp"

#include <trunkline/calls/fold.hpp>

#include <cstdint>
#include <utility>

namespace trunkline::calls {
namespace {

using store::SetStatement;
using store::Tuple;
using store::Value;
using Type = SetStatement::Type;

const SetStatement calls_by_id(
    "SELECT calls.snapshot FROM {rows} JOIN calls ON calls.id = rows.id ORDER BY calls.id {lock calls}",
    {{"id", Type::text}});

const SetStatement calls_by_provider(
    "SELECT calls.snapshot FROM {rows} JOIN calls ON calls.provider = rows.provider "
    "AND calls.provider_call_id = rows.provider_call_id ORDER BY calls.id {lock calls}",
    {{"provider", Type::text}, {"provider_call_id", Type::text}});

const SetStatement touch_calls("UPDATE calls SET touched_at = rows.touched_at FROM {rows} WHERE calls.id = rows.id",
                               {{"id", Type::text}, {"touched_at", Type::integer}});

// As row_of() makes them.
const std::vector<SetStatement::Column> call_columns = {
    {"id", Type::text},
    {"provider", Type::text},
    {"provider_call_id", Type::text},
    {"created_at", Type::integer},
    {"direction", Type::text},
    {"state", Type::text},
    {"terminal", Type::integer},
    {"from_address", Type::text},
    {"to_address", Type::text},
    {"connected_at", Type::integer},
    {"ended_at", Type::integer},
    {"duration_s", Type::integer},
    {"end_reason", Type::text},
    {"version", Type::integer},
    {"touched_at", Type::integer},
    {"updated_at", Type::integer},
    {"snapshot", Type::text},
    {"node", Type::text},
    {"ended_by", Type::text},
    {"outcome", Type::text},
};

const SetStatement insert_calls = SetStatement::insert("calls", call_columns);

const SetStatement update_calls(
    "UPDATE calls SET direction = rows.direction, state = rows.state, terminal = rows.terminal, "
    "from_address = rows.from_address, to_address = rows.to_address, connected_at = rows.connected_at, "
    "ended_at = rows.ended_at, duration_s = rows.duration_s, end_reason = rows.end_reason, version = rows.version, "
    "touched_at = rows.touched_at, updated_at = rows.updated_at, snapshot = rows.snapshot, node = rows.node, "
    "ended_by = rows.ended_by, outcome = rows.outcome FROM {rows} WHERE calls.id = rows.id",
    call_columns);

// The rows are given in order, and so get their ordinals.
const SetStatement insert_events = SetStatement::insert("call_events", {{"id", Type::text},
                                                                        {"call_id", Type::text},
                                                                        {"version", Type::integer},
                                                                        {"type", Type::text},
                                                                        {"at", Type::integer},
                                                                        {"stored_at", Type::integer},
                                                                        {"state", Type::text},
                                                                        {"data", Type::text}});

const SetStatement find_events("SELECT call_events.id FROM {rows} JOIN call_events ON call_events.id = rows.id",
                               {{"id", Type::text}});

const SetStatement insert_outbox(
    "INSERT INTO outbox (ordinal) SELECT call_events.ordinal FROM {rows} JOIN call_events ON call_events.id = rows.id",
    {{"id", Type::text}});

const std::string orphaned = "orphaned";

Value text(std::string_view view) {
  return std::string(view);
}
Tuple row_of(const Call& call, WallTime now) {
  return {call.id,
          call.provider,
          call.provider_call_id,
          to_millis(call.created_at),
          text(to_string(call.direction)),
          text(to_string(call.state)),
          std::int64_t{is_terminal(call.state)},
          call.from,
          call.to,
          time_or_null(call.connected_at),
          time_or_null(call.ended_at),
          call.duration_s ? Value(*call.duration_s) : Value(),
          call.end_reason,
          call.version,
          to_millis(now),
          to_millis(now),
          to_snapshot(call),
          call.node,
          ended_by(call),
          outcome(call)};
}

Tuple row_of(const Event& event, WallTime now) {
  return {event.id,
          event.call_id,
          event.version,
          text(to_string(event.type)),
          to_millis(event.at),
          to_millis(now),
          text(to_string(event.state)),
          event.data};
}

bool settles_recording(EventType type) {
  return type == EventType::recording_completed || type == EventType::recording_failed;
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

Event left_out(Event event) {
  event.version = 0;
  return event;
}

}  // namespace

Call read_snapshot(const std::string& snapshot) {
  auto call = from_snapshot(snapshot);
  if (!call) throw store::SqlFailure(store::SqlFailure::Kind::damaged, call.error().detail);
  return std::move(*call);
}

void CallLog::lock_all(const std::set<std::string>& call_ids) {
  std::vector<Tuple> wanted;
  for (const std::string& id : call_ids) {
    if (!calls_.contains(id)) wanted.push_back({id});
  }
  take_locked(sql_.query_all(calls_by_id, wanted));
}

store::SetQuery CallLog::locking(const std::set<ProviderCall>& calls) const {
  store::SetQuery query{&calls_by_provider, {}};
  for (const ProviderCall& call : calls) query.rows.push_back({call.provider, call.id});
  return query;
}

void CallLog::take_locked(const std::vector<store::Row>& snapshots) {
  for (const store::Row& row : snapshots) {
    Call call = read_snapshot(row.text(0));
    ids_.try_emplace({call.provider, call.provider_call_id}, call.id);
    std::string id = call.id;
    Held held;
    held.stored_participants = call.participants;
    held.call = std::move(call);
    calls_.try_emplace(std::move(id), std::move(held));  // one that is held has unsaved events
  }
}

Call* CallLog::lock(const std::string& call_id) {
  lock_all(std::set<std::string>{call_id});
  return find(call_id);
}

Call* CallLog::find(const std::string& call_id) {
  const auto held = calls_.find(call_id);
  return held == calls_.end() ? nullptr : &held->second.call;
}

Call* CallLog::find(const ProviderCall& call) {
  const auto id = ids_.find(call);
  return id == ids_.end() ? nullptr : &calls_.at(id->second).call;
}

Call& CallLog::find_or_make(const ProviderCall& of, const std::string& new_id) {
  if (Call* known = find(of)) return *known;
  Held made;
  made.call.id = new_id;
  made.call.provider = of.provider;
  made.call.provider_call_id = of.id;
  made.call.created_at = now_;
  made.stored = false;
  ids_.emplace(of, new_id);
  return calls_.emplace(new_id, std::move(made)).first->second.call;
}

void CallLog::touch(const Call& call) {
  touched_.insert(call.id);
}

Event CallLog::append(Call& call, Event event) {
  if (settles_recording(event.type) && !settle_recording(call, event)) return left_out(std::move(event));
  const auto previous = call.version == 0 ? std::nullopt : std::optional(call.state);
  event.call_id = call.id;
  event.version = call.version + 1;
  const std::size_t names = call.merge.names.size();
  apply(call, event);
  if (call.merge.names.size() > names) add_names(*this, call);
  event.state = call.state;
  calls_.at(call.id).appended = true;
  add_records(*this, call, event);
  appended_.push_back({event, call, previous});
  return event;
}

std::set<std::string> CallLog::stored_events(std::span<const Event> events) {
  std::vector<Tuple> wanted;
  for (const Event& event : events) wanted.push_back({event.id});
  std::set<std::string> stored;
  for (const store::Row& row : sql_.query_all(find_events, wanted)) stored.insert(row.text(0));
  return stored;
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
  write_calls();
  write_events();
  for (const auto& [statement, rows] : rows_) sql_.post_all(*statement, rows);
  return std::move(appended_);
}

void CallLog::write_calls() {
  std::vector<Tuple> made, changed, touched;
  for (const auto& [name, id] : ids_) {  // new ones in the same order on all nodes: their ids are not the same there
    const Held& held = calls_.at(id);
    if (held.appended) {
      (held.stored ? changed : made).push_back(row_of(held.call, now_));
      add_participants(*this, held.call, held.stored_participants);
    } else if (touched_.contains(id)) {
      touched.push_back({id, to_millis(now_)});
    }
  }
  sql_.post_all(insert_calls, made);
  sql_.post_all(update_calls, changed);
  sql_.post_all(touch_calls, touched);
}

void CallLog::write_events() {
  std::vector<Tuple> events, ids;
  for (const Committed& committed : appended_) {
    events.push_back(row_of(committed.event, now_));
    ids.push_back({committed.event.id});
  }
  sql_.post_all(insert_events, events);
  sql_.post_all(insert_outbox, ids);
}

}  // namespace trunkline::calls
