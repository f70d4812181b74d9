#include "events/webhook_queue.hpp"

#include "events/webhook_rows.hpp"

#include <trunkline/events/event_hub.hpp>

#include <algorithm>
#include <set>

namespace trunkline::events::webhooks {
namespace {

using store::Sql;
using store::Value;

constexpr std::size_t max_error = 256;

Value integer_or_null(std::optional<std::int64_t> number) {
  return number ? Value(*number) : Value();
}

void save_settled(Sql& sql, const Sent& sent, const Judgement& judgement, WallTime now) {
  const bool settled = judgement.fate != Fate::again;
  const char* const state = judgement.fate == Fate::delivered ? "delivered"
                            : judgement.fate == Fate::dead    ? "dead"
                                                              : "waiting";
  const std::optional<std::int64_t> status =
      sent.answer.status == 0 ? std::nullopt : std::optional<std::int64_t>(sent.answer.status);
  sql.post(
      "UPDATE webhook_deliveries SET state = $2, attempts = $3, due_at = $4, next_attempt_at = $4, last_attempt_at = "
      "$5, "
      "last_status = $6, last_error = $7, latency_ms = $8, settled_at = $9 WHERE id = $1 AND state = 'sending'",
      {sent.what.delivery.id, std::string(state), judgement.attempts, to_millis(judgement.next_attempt),
       to_millis(sent.answer.sent_at), integer_or_null(status), sent.answer.error.substr(0, max_error),
       static_cast<std::int64_t>(sent.took.count()), settled ? Value(to_millis(now)) : Value()});
}

void settle(Sql& sql, const Step& step, StepResult& result) {
  for (const Sent& sent : step.sent) {
    const Judgement judgement = judge(result.health, sent.what.plan, sent.answer, step.now, sent.jitter);
    save_settled(sql, sent, judgement, step.now);
    // Also when it is to be tried again: somebody may have asked for an earlier one of the call meanwhile.
    promote(sql, step.endpoint_id, queue_of(sent.what.delivery));
    if (judgement.gone && result.endpoint.enabled) {
      result.endpoint.enabled = false;
      result.endpoint.reason = "gone";
    }
    if (judgement.recovered_since) {
      sql.post(
          "UPDATE webhook_deliveries SET next_attempt_at = $3 WHERE endpoint_id = $1 AND settled_at IS NULL AND "
          "state = 'ready' AND last_attempt_at >= $2 AND next_attempt_at > $3",
          {step.endpoint_id, to_millis(*judgement.recovered_since), to_millis(step.now)});
    }
    result.judgements.push_back(judgement);
  }
}

bool is_full(Sql& sql, const std::string& endpoint_id) {
  return !sql.query(
                 "SELECT seq FROM webhook_deliveries WHERE endpoint_id = $1 AND settled_at IS NULL LIMIT 1 OFFSET $2",
                 {endpoint_id, max_pending - 1})
              .empty();
}

// Whoever is owed what is further on was sent back.
bool was_sent_back(Sql& sql, const Step& step) {
  return !sql.query(
                 "SELECT 1 FROM webhook_deliveries WHERE endpoint_id = $1 AND settled_at IS NULL AND seq > $2 LIMIT 1",
                 {step.endpoint_id, step.log.after})
              .empty();
}

// One that was settled is pending again: the log is read there once more because somebody wants that.
void owe(Sql& sql, const Step& step, const calls::Event& event, const std::string& id) {
  sql.post(
      "INSERT INTO webhook_deliveries (id, endpoint_id, event_id, seq, call_id, type, state, due_at, "
      "next_attempt_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, CASE WHEN EXISTS (SELECT 1 FROM webhook_deliveries "
      "AS other WHERE "
      "other.endpoint_id = $2 AND other.call_id = $5 AND other.settled_at IS NULL) THEN 'waiting' ELSE 'ready' END, "
      "$7, $7, $7) ON CONFLICT (endpoint_id, event_id) DO UPDATE SET state = excluded.state, attempts = 0, "
      "due_at = excluded.due_at, next_attempt_at = excluded.next_attempt_at, settled_at = NULL "
      "WHERE webhook_deliveries.settled_at IS NOT NULL",
      {id, step.endpoint_id, event.id, event.seq, event.call_id, std::string(calls::to_string(event.type)),
       to_millis(step.now)});
}

// Only if the log was read from where the endpoint stands: somebody may have sent it back.
void take_note(Sql& sql, const Step& step, StepResult& result) {
  const auto& events = step.log.events;
  if (events.empty() || step.ending || !result.endpoint.enabled || step.log.after != result.endpoint.cursor) return;
  result.full = is_full(sql, step.endpoint_id);
  if (result.full) return;
  const bool again = was_sent_back(sql, step);
  std::set<std::string> queues;
  const Subscription wanted{std::nullopt, {}, result.endpoint.types};
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (!wanted.wants(events[i].call_id, std::string(calls::to_string(events[i].type)))) continue;
    owe(sql, step, events[i], step.log.delivery_ids[i]);
    if (again) queues.insert(events[i].call_id);
  }
  for (const auto& queue : queues) put_first(sql, step.endpoint_id, queue);
  result.endpoint.cursor = events.back().seq;
}

std::string picking(bool probe) {
  return std::string("SELECT ")
      .append(delivery_columns)
      .append(" FROM webhook_deliveries WHERE endpoint_id = $1 AND settled_at IS NULL AND state = 'ready' ")
      .append(probe ? "AND next_attempt_at >= $2" : "AND next_attempt_at <= $2")
      .append(" ORDER BY next_attempt_at, seq LIMIT $3");
}

void pick(Sql& sql, const Step& step, StepResult& result) {
  static const std::string due = picking(false);
  static const std::string first = picking(true);
  const Allowance allowed = allowance(result.health, step.in_flight, step.limit, step.now);
  if (allowed.count == 0 || step.ending || !result.endpoint.enabled) return;
  const std::int64_t bound = allowed.probe ? 0 : to_millis(step.now);
  for (const auto& row :
       sql.query(allowed.probe ? first : due, {step.endpoint_id, bound, static_cast<std::int64_t>(allowed.count)})) {
    Delivery delivery = read_delivery(row);
    sql.post("UPDATE webhook_deliveries SET state = 'sending' WHERE id = $1", {delivery.id});
    result.sending.push_back({std::move(delivery), read_plan(row)});
  }
}

// What is under way brings its own news.
std::optional<WallTime> next_look(Sql& sql, const Step& step, const StepResult& result) {
  if (!result.endpoint.enabled) return std::nullopt;
  const auto rows = sql.query(
      "SELECT MIN(next_attempt_at) FROM webhook_deliveries WHERE endpoint_id = $1 AND settled_at IS NULL AND "
      "state = 'ready'",
      {step.endpoint_id});
  const auto due = rows.front().integer_or_null(0);
  if (!due) return std::nullopt;
  const std::size_t in_flight = step.in_flight + result.sending.size();
  if (in_flight >= step.limit || (result.health.paused() && in_flight > 0)) return std::nullopt;
  const auto opens = opens_at(result.health, step.now);
  if (result.health.paused()) return opens.value_or(step.now);
  return std::max(from_millis(*due), opens.value_or(from_millis(*due)));
}

void save(Sql& sql, const StepResult& result) {
  const Health& health = result.health;
  sql.post(
      "UPDATE webhook_endpoints SET state = $2, reason = $3, next_after = $4, failures = $5, failing_since = $6, "
      "probe_at = $7, hold_until = $8 WHERE id = $1",
      {result.endpoint.id, std::string(result.endpoint.enabled ? "enabled" : "disabled"), result.endpoint.reason,
       result.endpoint.cursor, health.failures, time_or_null(health.failing_since), to_millis(health.probe_at),
       to_millis(health.hold_until)});
}

void make_ready(Sql& sql, const std::string& endpoint_id) {
  sql.post(
      "UPDATE webhook_deliveries SET state = 'ready' WHERE endpoint_id = $1 AND settled_at IS NULL AND state = "
      "'sending'",
      {endpoint_id});
}

std::string claiming(std::string_view clock) {
  return std::string("UPDATE webhook_endpoints SET claimed_by = $2, claimed_until = ")
      .append(clock)
      .append(" + $3 WHERE id = $1 AND state <> 'deleted' AND (claimed_by = $2 OR claimed_until < ")
      .append(clock)
      .append(") RETURNING ")
      .append(endpoint_columns);
}

}  // namespace

Result<StepResult> run_step(Sql& sql, const Step& step) {
  StepResult result;
  const auto rows =
      sql.query(claiming(sql.clock()), {step.endpoint_id, step.node_id, std::int64_t{step.claim.count()}});
  if (rows.empty()) return result;
  result.mine = true;
  result.endpoint = read_endpoint(rows.front());
  result.health = read_health(rows.front());
  settle(sql, step, result);
  if (step.first) make_ready(sql, step.endpoint_id);
  take_note(sql, step, result);
  pick(sql, step, result);
  result.next = next_look(sql, step, result);
  save(sql, result);
  return result;
}

void release(Sql& sql, const std::string& endpoint_id, const std::string& node_id) {
  const auto let_go =
      sql.execute("UPDATE webhook_endpoints SET claimed_by = '', claimed_until = 0 WHERE id = $1 AND claimed_by = $2",
                  {endpoint_id, node_id});
  if (let_go > 0) make_ready(sql, endpoint_id);
}

std::vector<Offer> read_offers(Sql& sql, const std::string& node_id) {
  std::vector<Offer> offers;
  const std::string statement = std::string("SELECT id, touched, state, CASE WHEN claimed_by = $1 OR claimed_until < ")
                                    .append(sql.clock())
                                    .append(" THEN 1 ELSE 0 END FROM webhook_endpoints WHERE state <> 'deleted'");
  for (const auto& row : sql.query(statement, {node_id})) {
    offers.push_back({row.text(0), row.integer(1), row.text(2) == "enabled", row.integer(3) == 1});
  }
  return offers;
}

// In the order of a partial index, so that nothing but its front is read.
Backlog count_backlog(Sql& sql, std::int64_t most) {
  const auto pending = sql.query(
      "SELECT COUNT(*) FROM (SELECT seq FROM webhook_deliveries WHERE settled_at IS NULL "
      "ORDER BY endpoint_id, call_id, seq LIMIT $1) AS counted",
      {most});
  const auto dead = sql.query(
      "SELECT COUNT(*) FROM (SELECT seq FROM webhook_deliveries WHERE state = 'dead' "
      "ORDER BY endpoint_id, seq LIMIT $1) AS counted",
      {most});
  return {pending.front().integer(0), dead.front().integer(0)};
}

std::int64_t prune(Sql& sql, WallTime before, std::int64_t limit) {
  const auto old = sql.execute(
      "DELETE FROM webhook_deliveries WHERE settled_at < $1 AND id IN (SELECT id FROM webhook_deliveries WHERE "
      "settled_at < $1 "
      "ORDER BY settled_at LIMIT $2)",
      {to_millis(before), limit});
  const auto orphaned = sql.execute(
      "DELETE FROM webhook_deliveries WHERE id IN (SELECT id FROM webhook_deliveries WHERE endpoint_id IN "
      "(SELECT id FROM webhook_endpoints WHERE state = 'deleted') LIMIT $1)",
      {limit});
  sql.execute(
      "DELETE FROM webhook_endpoints WHERE state = 'deleted' AND NOT EXISTS (SELECT 1 FROM webhook_deliveries WHERE "
      "webhook_deliveries.endpoint_id = webhook_endpoints.id)");
  return old + orphaned;
}

}  // namespace trunkline::events::webhooks
