#include "app/live_comparison.hpp"

#include <trunkline/calls/live_snapshot.hpp>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <map>
#include <string>
#include <utility>

namespace trunkline::app {
namespace {

using Differences = std::vector<calls::Difference>;

constexpr std::int64_t max_calls = 100'000;

struct Open {
  std::string state;
  std::int64_t version = 0;
};

/// What the database says: the open calls, and whether a node runs.
struct Truth {
  std::map<std::string, Open> open;
  bool tended = false;
};

Result<Truth> read_truth(store::Sql& sql, WallTime since) {
  Truth truth;
  truth.tended =
      !sql.query("SELECT id FROM nodes WHERE gone_at IS NULL AND beat_at > $1 LIMIT 1", {to_millis(since)}).empty();
  for (const auto& row : sql.query("SELECT id, state, version FROM calls WHERE terminal = 0 LIMIT $1", {max_calls})) {
    truth.open.emplace(row.text(0), Open{row.text(1), row.integer(2)});
  }
  return truth;
}

void compare(const std::string& id, const Open& call, const store::Hash& shown, Differences& differences) {
  const auto field = [&](const char* name) {
    const auto found = shown.find(name);
    return found == shown.end() ? std::string("nothing") : found->second;
  };
  if (field("state") != call.state) differences.push_back({"live.state", id, call.state, field("state")});
  const auto version = std::to_string(call.version);
  if (field("version") != version) differences.push_back({"live.version", id, version, field("version")});
  const auto snapshot = calls::find_snapshot(shown, id);
  if (!snapshot) differences.push_back({"live.snapshot", id, "that of version " + field("version"), "something else"});
}

asio::awaitable<Result<Differences>> look(store::LiveStore& live, const Truth& truth) {
  Differences differences;
  if (!truth.tended) co_return differences;
  const auto shown = co_await live.scored("calls");
  if (!shown) co_return shown.error();
  for (const auto& [id, began] : *shown) {
    if (!truth.open.contains(id)) differences.push_back({"live.call", id, "nothing", "an open call"});
  }
  for (const auto& [id, call] : truth.open) {
    const auto hash = co_await live.get_hash(calls::live_key(id));
    if (!hash) co_return hash.error();
    compare(id, call, *hash, differences);
  }
  co_return differences;
}

}  // namespace

asio::awaitable<Result<Differences>> compare_live(LiveComparison parts) {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  for (int looks = 1;; ++looks) {
    const WallTime since = parts.clock.wall() - parts.node_timeout;
    auto read = [since](store::Sql& sql) { return read_truth(sql, since); };
    const auto truth = co_await parts.database.read<Truth>(read);
    if (!truth) co_return truth.error();
    auto found = co_await look(parts.live, *truth);
    if (!found || found->empty() || looks == parts.looks) co_return found;
    timer.expires_after(parts.between_looks);
    co_await timer.async_wait(asio::use_awaitable);
  }
}

}  // namespace trunkline::app
