#pragma once

#include <trunkline/media/g711.hpp>
#include <trunkline/net/websocket.hpp>
#include <trunkline/net/worker.hpp>
#include <trunkline/providers/twilio/stream_codec.hpp>
#include <trunkline/sim/call.hpp>

#include <boost/asio/steady_timer.hpp>

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace trunkline::sim {

/// The carrier's end of one media socket: frames on a 20 ms grid, and a playout buffer whose marks come back when what
/// was queued before them has been played.
class CarrierStream final : public net::WebSocketHandler, public std::enable_shared_from_this<CarrierStream> {
 public:
  struct Options {
    providers::twilio::StreamStart start;
    std::vector<std::int16_t> audio;
    Fault fault = Fault::none;
    std::uint64_t seed = 1;
  };

  /// `over` is called once, when the stream has ended; `report` is not touched any more then.
  CarrierStream(net::Worker& worker, Options options, CallReport& report, std::function<void()> over);

  void on_open(net::WebSocket& socket) override;
  void on_text(std::string_view message) override;
  void on_binary(std::span<const std::uint8_t> message) override;
  void on_close(const net::CloseInfo& info) override;

 private:
  void arm();
  void on_grid();
  void send_frames();
  void send_frame(std::uint64_t index);
  void play();
  void echo_mark();
  void hang_up();
  void finish();
  bool by_chance(double probability) { return std::uniform_real_distribution<>(0, 1)(dice_) < probability; }
  providers::twilio::carrier::Place place() { return {++sequence_, options_.start.stream_sid}; }
  void send();

  Options options_;
  CallReport& report_;
  std::function<void()> over_;
  asio::steady_timer timer_;
  std::mt19937_64 dice_;
  net::WebSocket* socket_ = nullptr;
  MonoTime started_;
  std::uint64_t grid_ = 0;                  // 20 ms steps since the start
  std::uint64_t frames_ = 0;                // of the caller's audio, as placed on the grid
  std::optional<std::uint64_t> overtaken_;  // the frame that comes a step late
  std::uint64_t silent_ = 0;                // steps since the caller has finished
  std::uint64_t sequence_ = 0;
  std::array<std::uint64_t, 2> chunks_{};
  std::deque<std::uint8_t> playing_;
  std::size_t played_ = 0;  // bytes since the start
  struct Mark {
    std::size_t at;
    std::string name;
  };
  std::deque<Mark> marks_;
  std::string out_;
};

}  // namespace trunkline::sim
