#pragma once

#include "call_setup.hpp"
#include "loop.hpp"
#include "options.hpp"
#include "stamp.hpp"
#include "wire.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <string>

namespace streamload {

/// One call: the webhook, if there is one, then the media socket, then a frame every 20 ms as it is told.
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

  Call(Loop& loop, const Options& options, Owner& owner, unsigned run, unsigned index);

  void start();
  void send_frame(std::uint64_t now);
  /// The stop message and our half of the closing handshake.
  void stop();
  void abandon(const std::string& why);

  unsigned index() const { return index_; }
  bool is_streaming() const { return phase_ == Phase::streaming; }
  bool is_setting_up() const { return phase_ == Phase::webhook || phase_ == Phase::upgrade; }

  std::size_t on_bytes(std::span<std::uint8_t> bytes) override;
  void on_gone(const std::string& why) override;

  std::uint64_t grid_ns = 0;  ///< for the session: when its frame is due without jitter
  std::uint64_t due_ns = 0;
  int next_in_slot = -1;

 private:
  enum class Phase : std::uint8_t { idle, webhook, upgrade, streaming, over };

  std::size_t on_webhook_answer(std::string_view text);
  std::size_t on_upgrade_answer(std::string_view text);
  void open_stream(const std::string& path);
  void send_text(std::string_view message);

  Loop& loop_;
  const Options& options_;
  Owner& owner_;
  const unsigned run_;
  const unsigned index_;
  const CallIdentity identity_;
  Phase phase_ = Phase::idle;
  bool stopped_ = false;
  std::string key_;
  std::string token_;
  std::uint32_t mask_;
  unsigned sequence_ = 0;
  std::uint32_t frames_ = 0;
};

}  // namespace streamload
