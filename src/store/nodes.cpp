#include <trunkline/store/nodes.hpp>

#include <utility>

namespace trunkline::store {
namespace {

bool is_given_up(Sql& sql, const std::string& id) {
  const auto rows = sql.query("SELECT gone_at FROM nodes WHERE id = $1", {id});
  return !rows.empty() && rows.front().integer_or_null(0).has_value();
}

std::vector<NodeBeat> others_than(Sql& sql, const std::string& id) {
  std::vector<NodeBeat> others;
  for (const Row& row : sql.query("SELECT id, beat FROM nodes WHERE gone_at IS NULL AND id <> $1 LIMIT 1000", {id})) {
    others.push_back({row.text(0), row.integer(1)});
  }
  return others;
}

}  // namespace

Nodes::Nodes(Database& database, const Clock& clock, Node self)
    : database_(database), clock_(clock), self_(std::move(self)), started_at_(clock.wall()) {}

asio::awaitable<Result<Roll>> Nodes::beat() {
  auto work = [this](Sql& sql) -> Result<Roll> {
    const bool was_gone = is_given_up(sql, self_.id);
    const auto beaten = sql.execute(
        "INSERT INTO nodes (id, host, version, started_at, beat, beat_at) VALUES ($1, $2, $3, $4, 1, $5) "
        "ON CONFLICT (id) DO UPDATE SET host = excluded.host, version = excluded.version, "
        "started_at = excluded.started_at, beat = nodes.beat + 1, beat_at = excluded.beat_at, gone_at = NULL "
        "WHERE nodes.beat > 0 OR nodes.started_at <> excluded.started_at",
        {self_.id, self_.host, self_.version, to_millis(started_at_), to_millis(clock_.wall())});
    if (beaten == 0) return make_error("node_left", "this node has left");
    return Roll{was_gone, others_than(sql, self_.id)};
  };
  co_return co_await database_.write<Roll>(work);
}

// A beat of 0: it left by itself. A beat that was under way then finds that, and changes nothing.
asio::awaitable<Result<>> Nodes::leave() {
  auto work = [this](Sql& sql) -> Result<> {
    sql.post("DELETE FROM leases WHERE holder = $1", {self_.id});
    sql.post("UPDATE nodes SET gone_at = $2, beat = 0 WHERE id = $1", {self_.id, to_millis(clock_.wall())});
    return {};
  };
  co_return co_await database_.write<void>(work);
}

asio::awaitable<Result<>> Nodes::give_up(NodeBeat node) {
  auto work = [&](Sql& sql) -> Result<> {
    sql.post("UPDATE nodes SET gone_at = $3 WHERE id = $1 AND beat = $2 AND gone_at IS NULL",
             {node.id, node.beat, to_millis(clock_.wall())});
    return {};
  };
  co_return co_await database_.write<void>(work);
}

asio::awaitable<Result<bool>> Nodes::hold(std::string lease, milliseconds ttl) {
  auto work = [&](Sql& sql) -> Result<bool> {
    const std::string now(sql.clock());
    return sql.execute("INSERT INTO leases (name, holder, expires_at) VALUES ($1, $2, " + now +
                           " + $3) ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, "
                           "expires_at = excluded.expires_at "
                           "WHERE leases.holder = excluded.holder OR leases.expires_at <= " +
                           now,
                       {lease, self_.id, std::int64_t{ttl.count()}}) == 1;
  };
  co_return co_await database_.write<bool>(work);
}

}  // namespace trunkline::store
