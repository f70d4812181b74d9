#pragma once

#include <trunkline/net/websocket.hpp>
#include <trunkline/net/worker.hpp>
#include <trunkline/providers/acs/media_codec.hpp>
#include <trunkline/sim/acs_call.hpp>

#include <boost/asio/steady_timer.hpp>

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace trunkline::sim {

/// How a socket of ACS ended.
enum class AcsSocketEnd : std::uint8_t {
  finished,  ///< everything has been said; it is open still
  broken,    ///< in the middle, without a goodbye
  closed,    ///< by the gateway
  refused,   ///< it never opened
};

/// ACS's end of one media socket: frames on a 20 ms grid, and what it hears played in the same time.
class AcsStream final : public net::WebSocketHandler, public std::enable_shared_from_this<AcsStream> {
 public:
  struct Options {
    providers::acs::StreamStart start;
    bool unmixed = false;
    bool bidirectional = true;
    bool dtmf = true;
    std::vector<AcsSpeaker> speakers;  ///< the caller first; at the stream's rate
    std::vector<AcsKey> keys;          ///< by time
    WallTime first;                    ///< when the first frame of all was due
    std::uint64_t begin = 0;           ///< frames that are over: this socket goes on with the next
    bool breaks = false;               ///< in the middle of what is said
    Fault fault = Fault::none;
    std::uint64_t seed = 1;
  };
  struct Listener {
    std::function<void()> opened;
    std::function<void(char)> pressed;
    std::function<void(AcsSocketEnd)> over;  ///< once; `report` is not touched any more then
  };

  AcsStream(net::Worker& worker, Options options, CallReport& report, Listener listener);

  /// What is said from here on is nobody's business: neither listener nor report is used any more. `close` says
  /// goodbye; otherwise it stays open, and silent.
  void leave(bool close);

  void on_open(net::WebSocket& socket) override;
  void on_text(std::string_view message) override;
  void on_binary(std::span<const std::uint8_t> message) override;
  void on_close(const net::CloseInfo& info) override;

 private:
  void arm();
  void on_grid();
  void send_frames();
  void send_frame(std::uint64_t index);
  void send_audio(std::uint64_t index, const std::string& participant, std::span<const std::int16_t> samples);
  void press_keys();
  void play();
  void finish(AcsSocketEnd end);
  bool by_chance(double probability) { return std::uniform_real_distribution<>(0, 1)(dice_) < probability; }
  std::size_t frame_samples() const { return options_.start.frame_bytes / 2; }
  std::string timestamp(std::uint64_t index) const;
  void send();

  Options options_;
  CallReport* report_;  // until it is over
  Listener listener_;
  asio::steady_timer timer_;
  std::mt19937_64 dice_;
  net::WebSocket* socket_ = nullptr;
  MonoTime started_;
  std::uint64_t grid_ = 0;    // 20 ms steps since this socket opened
  std::uint64_t frames_ = 0;  // of the call, as placed on the grid
  std::uint64_t spoken_ = 0;  // frames in which somebody has something to say
  std::size_t pressed_ = 0;
  std::optional<std::uint64_t> overtaken_;  // the frame that comes a step late
  std::uint64_t silent_ = 0;                // steps since everybody has finished
  std::deque<std::int16_t> playing_;
  std::string out_;
};

}  // namespace trunkline::sim
