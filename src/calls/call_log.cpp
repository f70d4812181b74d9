#include "call_log.hpp"

#include <trunkline/calls/fold.hpp>

#include <nlohmann/json.hpp>

#include <set>
#include <utility>

namespace trunkline::calls {
namespace {

using store::Value;

Value time_or_null(const std::optional<WallTime>& time) {
  return time ? Value(to_millis(*time)) : Value();
}
Value text(std::string_view view) {
  return std::string(view);
}

bool insert_call(store::Sql& sql, const Call& call, WallTime now) {
  return sql.execute(
             "INSERT INTO calls (id, provider, provider_call_id, direction, state, terminal, from_address, to_address, "
             "created_at, end_reason, version, touched_at, snapshot) "
             "VALUES ($1, $2, $3, $4, $5, 0, '', '', $6, '', 0, $6, $7) "
             "ON CONFLICT (provider, provider_call_id) DO NOTHING",
             {call.id, call.provider, call.provider_call_id, text(to_string(call.direction)),
              text(to_string(call.state)), to_millis(now), to_snapshot(call)}) == 1;
}

void update_call(store::Sql& sql, const Call& call, WallTime now) {
  sql.execute(
      "UPDATE calls SET direction = $2, state = $3, terminal = $4, from_address = $5, to_address = $6, "
      "created_at = $7, connected_at = $8, ended_at = $9, duration_s = $10, end_reason = $11, version = $12, "
      "touched_at = $13, snapshot = $14 WHERE id = $1",
      {call.id, text(to_string(call.direction)), text(to_string(call.state)), std::int64_t{is_terminal(call.state)},
       call.from, call.to, to_millis(call.created_at), time_or_null(call.connected_at), time_or_null(call.ended_at),
       call.duration_s ? Value(*call.duration_s) : Value(), call.end_reason, call.version, to_millis(now),
       to_snapshot(call)});
}

std::vector<store::Row> insert_event(store::Sql& sql, const Event& event, WallTime now) {
  return sql.query(
      "INSERT INTO call_events (id, call_id, version, type, at, stored_at, state, data) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO NOTHING RETURNING seq",
      {event.id, event.call_id, event.version, text(to_string(event.type)), to_millis(event.at), to_millis(now),
       text(to_string(event.state)), event.data});
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
  std::string id = call.id;
  return &calls_.try_emplace(std::move(id), std::move(call)).first->second;  // the one with unsaved events, if any
}

// An UPDATE with RETURNING locks and reads in one statement that every driver knows.
Call* CallLog::lock(const std::string& call_id) {
  if (const auto found = calls_.find(call_id); found != calls_.end()) return &found->second;
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
  if (insert_call(sql_, call, now_)) return calls_.try_emplace(new_id, std::move(call)).first->second;
  // Another node made it between the two statements, and has committed: the INSERT waited for that.
  if (Call* known = lock(provider, provider_call_id)) return *known;
  throw store::SqlFailure(store::SqlFailure::Kind::other, "a call is neither there nor can it be made");
}

Event CallLog::append(Call& call, Event event) {
  Call next = call;
  event.call_id = call.id;
  event.version = call.version + 1;
  apply(next, event);
  event.state = next.state;
  const auto rows = insert_event(sql_, event, now_);
  if (rows.empty()) return event;
  event.seq = rows.front().integer(0);
  sql_.execute("INSERT INTO outbox (seq, created_at) VALUES ($1, $2)", {event.seq, to_millis(now_)});
  if (event.type == EventType::transcript_segment) insert_segment(event);
  const auto previous = call.version == 0 ? std::nullopt : std::optional(call.state);
  call = std::move(next);
  appended_.push_back({event, call, previous});
  return event;
}

void CallLog::insert_segment(const Event& event) {
  const auto data = nlohmann::json::parse(event.data, nullptr, false);
  if (!data.is_object()) return;
  const auto word = [&](const char* key) -> Value {
    const auto found = data.find(key);
    return found != data.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  const auto ms = [&](const char* key) -> Value {
    const auto found = data.find(key);
    return found != data.end() && found->is_number() ? found->get<std::int64_t>() : std::int64_t{0};
  };
  const auto confidence = data.find("confidence");
  const bool sure = confidence != data.end() && confidence->is_number();
  sql_.execute(
      "INSERT INTO transcript_segments (id, call_id, track, start_ms, end_ms, text, confidence, engine, language) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO NOTHING",
      {word("segmentId"), event.call_id, word("track"), ms("startMs"), ms("endMs"), word("text"),
       sure ? confidence->get<double>() : 0.0, word("engine"), word("language")});
}

std::vector<Committed> CallLog::finish() {
  std::set<std::string> changed;
  for (const Committed& committed : appended_) changed.insert(committed.event.call_id);
  for (const std::string& id : changed) update_call(sql_, calls_.at(id), now_);
  return std::move(appended_);
}

}  // namespace trunkline::calls
