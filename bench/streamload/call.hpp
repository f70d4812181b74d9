#pragma once

#include "carrier.hpp"
#include "loop.hpp"
#include "options.hpp"
#include "stamp.hpp"
#include "wire.hpp"

#include <cstdint>
#include <string>

namespace streamload {

/// One call: what announces it, if anything does, then the media socket, then a frame every 20 ms as it is told, then
/// what says that it is over.
class Call final : public Connection {
 public:
  /// What a call tells its session.
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual void ready(Call& call) = 0;
    virtual void failed(Call& call, const std::string& why) = 0;
    virtual void gone(Call& call, const std::string& why) = 0;
  };

  Call(Loop& loop, const Options& options, const Carrier& carrier, Owner& owner, unsigned run, unsigned index);

  void start();
  /// The server has asked elsewhere to have the call.
  void answered(StreamTarget target, std::string callback_path);
  void send_frame(std::uint64_t now);
  /// The last message and our half of the closing handshake.
  void stop();
  void abandon(const std::string& why);

  const CallIdentity& identity() const { return identity_; }
  unsigned index() const { return identity_.index; }
  bool is_streaming() const { return phase_ == Phase::streaming; }
  bool is_setting_up() const { return phase_ == Phase::announced || phase_ == Phase::upgrade; }

  std::size_t on_bytes(std::span<std::uint8_t> bytes) override;
  void on_gone(const std::string& why) override;

  std::uint64_t grid_ns = 0;  ///< for the session: when its frame is due without jitter
  std::uint64_t due_ns = 0;
  int next_in_slot = -1;

 private:
  enum class Phase : std::uint8_t { idle, announced, upgrade, streaming, farewell, over };

  std::size_t on_answer(std::string_view text);
  std::size_t on_upgrade_answer(std::string_view text);
  void take_answer(const HttpMessage& answer);
  void open_stream();
  void send_text(std::string_view message);

  Loop& loop_;
  const Options& options_;
  const Carrier& carrier_;
  Owner& owner_;
  const unsigned run_;
  const CallIdentity identity_;
  Phase phase_ = Phase::idle;
  bool stopped_ = false;
  std::string key_;
  StreamTarget target_;
  std::string callback_path_;
  std::uint32_t mask_;
  std::uint32_t frames_ = 0;
};

}  // namespace streamload
