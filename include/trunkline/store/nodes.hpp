#pragma once

#include <trunkline/base/clock.hpp>
#include <trunkline/store/sql.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace trunkline::store {

/// One process among those that share a database.
struct Node {
  std::string id;  ///< `node_...`, the same after a restart on the same data folder
  std::string host;
  std::string version;
};

struct NodeBeat {
  std::string id;
  std::int64_t beat = 0;
};

/// What a node finds when it gives its sign of life.
struct Roll {
  bool was_gone = false;         ///< the others had given this node up
  std::vector<NodeBeat> others;  ///< those that have not gone, at most 1000
};

/// The nodes that share the database, and the leases by which one of them at a time does what need not be done twice.
/// Errors are those of Database. Any worker.
class Nodes {
 public:
  Nodes(Database& database, const Clock& clock, Node self);

  const std::string& id() const { return self_.id; }

  /// A sign of life: this node's beat grows by one. Error `node_left` after leave(), also for one that began before it.
  asio::awaitable<Result<Roll>> beat();
  /// This node ends; nobody need look after what it did.
  asio::awaitable<Result<>> leave();
  /// Gives up a node that has not beaten since it was seen at that beat.
  asio::awaitable<Result<>> give_up(NodeBeat node);

  /// True when this node has the lease now, for `ttl` by the clock of the database: who asks again in time keeps it.
  /// A node that hangs does not see it end: what is done under a lease must do no harm when two do it.
  asio::awaitable<Result<bool>> hold(std::string lease, milliseconds ttl);

 private:
  Database& database_;
  const Clock& clock_;
  const Node self_;
  const WallTime started_at_;
};

}  // namespace trunkline::store
