#pragma once

#include "loop.hpp"
#include "stamp.hpp"

#include <cstdint>
#include <functional>
#include <memory>

namespace streamload {

/// The speech service that the server under test forwards to: takes any path, reads the stamps of the audio that comes,
/// and ends a connection when asked to, as Deepgram does.
class Sink final : public Loop::Acceptor {
 public:
  using OnStamp = std::function<void(const Stamp&, std::uint64_t arrived_ns)>;

  Sink(Loop& loop, int port, std::size_t frame_bytes, OnStamp on_stamp);

  std::unique_ptr<Connection> accepted() override;
  std::size_t open() const { return open_; }

 private:
  class Line;

  Loop& loop_;
  const std::size_t frame_bytes_;
  OnStamp on_stamp_;
  std::size_t open_ = 0;
};

}  // namespace streamload
