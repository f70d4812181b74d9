#pragma once

#include <trunkline/base/ids.hpp>
#include <trunkline/media/active_streams.hpp>
#include <trunkline/store/live.hpp>
#include <trunkline/store/node_line.hpp>

#include <boost/asio/io_context.hpp>

#include <string>

namespace trunkline::media {

/// How a stream is to be ended.
struct EndOrder {
  EndCause cause = EndCause::stop;
  std::string stream_id;            ///< only this one; empty: whichever the call has
  bool only_with_its_call = false;  ///< not one that only listens: the parties would talk on
};

/// Commands to streams, wherever they run: here, or on another node, where they are carried. Any worker.
class StreamCommands {
 public:
  /// `loop` is the one on which `live` delivers. All outlive the commands.
  StreamCommands(ActiveStreams& streams, store::LiveStore& live, boost::asio::io_context& loop, Ids& ids,
                 const std::string& node);

  /// Ends the call's stream, which runs on `node` (empty: on none). True when there was one and it ends now. Error
  /// `node_unreachable`.
  boost::asio::awaitable<Result<bool>> end(std::string call_id, std::string node, EndOrder order);
  /// The same without waiting for what comes of it.
  void end_soon(std::string call_id, std::string node, EndOrder order);

 private:
  bool is_elsewhere(const std::string& call_id, const std::string& node) const;
  void serve(const std::string& question, store::NodeLine::Answer answer);
  boost::asio::awaitable<Result<bool>> end_there(std::string call_id, std::string node, EndOrder order);
  boost::asio::awaitable<void> try_to_end(std::string call_id, std::string node, EndOrder order);
  boost::asio::awaitable<bool> end_here(std::string call_id, EndOrder order);

  ActiveStreams& streams_;
  boost::asio::io_context& loop_;
  const std::string node_;
  store::NodeLine line_;
};

}  // namespace trunkline::media
