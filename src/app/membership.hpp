#pragma once

#include "app/recovery.hpp"
#include "app/vigil.hpp"

#include <trunkline/calls/call_service.hpp>
#include <trunkline/media/active_streams.hpp>
#include <trunkline/store/nodes.hpp>

#include <set>
#include <string>

namespace trunkline::app {

/// This node among those that share the database: its own sign of life, and what has to be done for those whose signs
/// fail. On one loop.
class Membership {
 public:
  struct Parts {
    store::Nodes& nodes;
    calls::CallService& calls;
    media::ActiveStreams& streams;
    const Recovery& recovery;
    const Clock& clock;
    milliseconds timeout;    ///< a node that gives no sign for so long is gone
    bool shared_recordings;  ///< every node reaches the recordings of all
  };
  explicit Membership(const Parts& parts);

  asio::awaitable<void> beat_forever();

  /// Whether it is this node that does what one node is enough for; asked again before each time.
  asio::awaitable<bool> leads();

 private:
  asio::awaitable<void> beat();
  asio::awaitable<void> come_back();
  asio::awaitable<void> settle(store::NodeBeat gone);
  asio::awaitable<bool> mark_calls_of(const std::string& node);

  Parts parts_;
  Vigil vigil_;
  MonoTime last_beat_;        // that the others could see; none before the first
  bool owes_return_ = false;  // they may have given up this node, and its calls are not put right
  std::set<std::string> settling_;
};

}  // namespace trunkline::app
