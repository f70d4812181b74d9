#pragma once

#include "loop.hpp"
#include "stamp.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace streamload {

/// The speech service that the server under test forwards to: takes any path, reads the stamps of the audio that comes,
/// and ends a connection when asked to, as Deepgram does.
class Sink final : public Loop::Acceptor {
 public:
  using OnStamp = std::function<void(const Stamp&, std::uint64_t arrived_ns)>;

  Sink(Loop& loop, int port, OnStamp on_stamp);
  ~Sink() override;

  Connection& accepted() override;
  std::size_t open() const { return open_; }
  /// Frees what has closed; not while the loop polls.
  void sweep();

 private:
  class Line;

  Loop& loop_;
  OnStamp on_stamp_;
  std::size_t open_ = 0;
  bool some_closed_ = false;
  std::vector<std::unique_ptr<Line>> lines_;
};

}  // namespace streamload
