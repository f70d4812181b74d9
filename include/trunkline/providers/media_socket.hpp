#pragma once

#include <trunkline/net/websocket.hpp>
#include <trunkline/providers/media_leg.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace trunkline::providers {

/// What the media sockets of all providers have in common: the socket on one side, the call's media leg on the other.
/// A provider's session reads its own messages into the leg, and writes what the leg sends. One thread.
class MediaSocket : public net::WebSocketHandler, protected Carrier {
 public:
  ~MediaSocket() override { leg_->detach(); }

  void on_open(net::WebSocket& socket) final { socket_ = &socket; }
  void on_text(std::string_view message) final;
  void on_binary(std::span<const std::uint8_t> message) final;
  void on_batch_end() final;
  void on_tick(MonoTime now) final;
  void on_close(const net::CloseInfo& info) final;

 protected:
  MediaSocket(const MediaServices& services, net::Worker& worker, std::string call_id);

  /// A message of the wake-up that began at batch_began().
  virtual void take(std::string_view message) = 0;
  /// About twice a second.
  virtual void look_at_time(MonoTime now) = 0;
  /// Messages that had no effect, by reason, since the start; in the order of the wire's own list.
  struct Ignored {
    std::string_view reason;
    std::uint64_t count;
  };
  virtual std::vector<Ignored> ignored() const = 0;
  /// For the log's last word on the socket: beside its code and what was ignored.
  virtual std::string summary() const = 0;

  void send(std::string_view message);
  /// First the socket, so that the peer sees this code and no other, then the leg.
  void close(net::CloseCode code, std::string_view reason, media::EndCause cause);

  const std::string& call_id() const { return call_id_; }
  MediaLeg& leg() { return *leg_; }
  MonoTime batch_began() const { return batch_began_; }

 private:
  void flush() final;
  void hang_up(net::CloseCode code, const std::string& reason) final;
  void export_ignored();
  std::string ignored_text() const;

  const Clock& clock_;
  observe::Metrics& metrics_;
  const std::string call_id_;
  std::shared_ptr<MediaLeg> leg_;
  net::WebSocket* socket_ = nullptr;
  MonoTime batch_began_;
  std::vector<std::uint64_t> exported_;  // what the metrics know of
};

}  // namespace trunkline::providers
