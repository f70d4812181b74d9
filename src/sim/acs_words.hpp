#pragma once

#include <trunkline/net/websocket.hpp>
#include <trunkline/net/worker.hpp>
#include <trunkline/providers/acs/transcription_codec.hpp>
#include <trunkline/sim/acs_call.hpp>

#include <boost/asio/steady_timer.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace trunkline::sim {

/// ACS's end of one transcription socket: the metadata, and each segment when its time has come.
class AcsWords final : public net::WebSocketHandler, public std::enable_shared_from_this<AcsWords> {
 public:
  struct Options {
    providers::acs::TranscriptionStart start;
    std::vector<AcsSegment> segments;  ///< by time
    bool intermediate = false;         ///< those that are not final are wanted, too
  };
  struct Listener {
    std::function<void()> opened;
    std::function<void(const net::CloseInfo&, bool opened)> over;  ///< once, unless it was left
  };

  AcsWords(net::Worker& worker, const Clock& clock, Options options, Listener listener)
      : options_(std::move(options)), clock_(clock), listener_(std::move(listener)), timer_(worker.context()) {}

  /// The listener is used no more, and with `close`, which says goodbye, what remains to be said is not.
  void leave(bool close);

  void on_open(net::WebSocket& socket) override;
  void on_text(std::string_view /*message*/) override {}
  void on_binary(std::span<const std::uint8_t> /*message*/) override {}
  void on_close(const net::CloseInfo& info) override;

 private:
  void arm();
  void say(providers::acs::TranscribedSegment segment);

  Options options_;
  const Clock& clock_;
  Listener listener_;
  asio::steady_timer timer_;
  net::WebSocket* socket_ = nullptr;
  MonoTime started_;
  WallTime began_;
  std::size_t said_ = 0;
};

}  // namespace trunkline::sim
