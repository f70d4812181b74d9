#pragma once

#include <trunkline/media/sink.hpp>

#include <vector>

namespace trunkline::media {

/// Keeps everything that a stream gives.
class KeepingSink final : public Sink {
 public:
  struct Kept {
    Track track;
    FrameKind kind;
    std::int64_t position;
    std::uint32_t samples;
    std::vector<std::uint8_t> data;
    friend bool operator==(const Kept&, const Kept&) = default;
  };

  std::string_view name() const override { return "keeping"; }
  void on_frame(const Frame& frame) noexcept override {
    kept.push_back({frame.track, frame.kind, frame.position, frame.samples, {frame.data.begin(), frame.data.end()}});
  }
  void on_batch_end() noexcept override { ++batches; }
  void on_end(EndCause cause) noexcept override { ends.push_back(cause); }

  std::vector<Kept> kept;
  int batches = 0;
  std::vector<EndCause> ends;
};

}  // namespace trunkline::media
