#include "call_log.hpp"

#include <trunkline/calls/fold.hpp>
#include <trunkline/calls/reconcile.hpp>

#include <nlohmann/json.hpp>

#include <string_view>
#include <utility>

namespace trunkline::calls {
namespace {

using nlohmann::json;

constexpr std::string_view unknown = "unknown-to-provider";

std::string inbox_key(const Call& call, std::string_view status) {
  return "reconcile/" + call.provider_call_id + "/" + std::string(status);
}

std::vector<Call> read_calls(const std::vector<store::Row>& snapshots) {
  std::vector<Call> calls;
  calls.reserve(snapshots.size());
  for (const store::Row& row : snapshots) calls.push_back(read_snapshot(row.text(0)));
  return calls;
}

StatusUpdate update_of(const Call& call, std::string_view status, WallTime at) {
  StatusUpdate update;
  update.inbox_key = inbox_key(call, status);
  update.provider = call.provider;
  update.provider_call_id = call.provider_call_id;
  update.at = at;
  return update;
}

std::string closing_data() {
  return json{{"authority", to_string(Authority::gateway)}, {"state", to_string(State::failed)}, {"reason", unknown}}
      .dump();
}

std::string status_data(const ProviderWord& word) {
  json data = {{"status", to_string(word.state)}, {"providerStatus", word.status}, {"reconciled", true}};
  if (word.duration_s) data["duration"] = *word.duration_s;
  if (!word.reason.empty()) data["reason"] = word.reason;
  return data.dump();
}

}  // namespace

// The provider is no way to them: SQLite would read all of its calls, those that are over, too.
asio::awaitable<Result<std::vector<Call>>> find_stuck(store::Database& database, Doubts doubts) {
  auto work = [&](store::Sql& sql) -> Result<std::vector<Call>> {
    return read_calls(
        sql.query("SELECT snapshot FROM calls WHERE terminal = 0 AND provider || '' = $1 AND touched_at <= $2 AND "
                  "(state IN ('INITIATING', 'RINGING', 'CONNECTING', 'RECONNECTING') OR "
                  "(state = 'CONNECTED' AND node = '')) ORDER BY touched_at LIMIT $3",
                  {doubts.provider, to_millis(doubts.quiet_since), static_cast<std::int64_t>(doubts.limit)}));
  };
  co_return co_await database.read<std::vector<Call>>(work);
}

asio::awaitable<Result<std::vector<Call>>> find_concluded(store::Database& database, Doubts doubts) {
  auto work = [&](store::Sql& sql) -> Result<std::vector<Call>> {
    return read_calls(
        sql.query("SELECT snapshot FROM calls WHERE provider = $1 AND ended_by = 'gateway' AND outcome = 'ENDED' AND "
                  "ended_at >= $2 AND touched_at <= $3 AND NOT EXISTS "
                  "(SELECT 1 FROM inbox WHERE key = 'reconcile/' || calls.provider_call_id || '/unknown-to-provider') "
                  "ORDER BY ended_at DESC LIMIT $4",
                  {doubts.provider, to_millis(doubts.ended_after), to_millis(doubts.quiet_since),
                   static_cast<std::int64_t>(doubts.limit)}));
  };
  co_return co_await database.read<std::vector<Call>>(work);
}

asio::awaitable<Result<>> touch(store::Database& database, std::string call_id, WallTime now) {
  auto work = [&](store::Sql& sql) -> Result<> {
    sql.execute("UPDATE calls SET touched_at = $2 WHERE id = $1 AND terminal = 0", {call_id, to_millis(now)});
    return {};
  };
  co_return co_await database.write<void>(work);
}

std::optional<StatusUpdate> settlement(const Call& call, const std::optional<ProviderWord>& word, WallTime now) {
  if (!word) {
    StatusUpdate update = update_of(call, unknown, now);
    update.type = EventType::call_closed;
    update.data = closing_data();
    return update;
  }
  if (!is_terminal(word->state) && word->state <= call.merge.live) return std::nullopt;
  StatusUpdate update = update_of(call, word->status, word->ended_at.value_or(now));
  update.data = status_data(*word);
  return update;
}

}  // namespace trunkline::calls
