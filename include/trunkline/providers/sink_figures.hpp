#pragma once

#include <trunkline/media/sink.hpp>
#include <trunkline/observe/metrics.hpp>

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace trunkline::providers {

/// One stream's part in the figures of all sinks: what waits in their queues, by name, as a sum over all streams, and
/// what they dropped. The stream's thread only.
class SinkFigures {
 public:
  explicit SinkFigures(observe::Metrics& metrics) : metrics_(metrics) {}

  /// Adds what has changed since the last time. `sinks` are those of the stream now.
  void update(std::span<const std::shared_ptr<media::Sink>> sinks);
  /// The sink leaves the stream: what it last dropped counts, what waits in it is not this stream's any more.
  void release(const media::Sink& sink);

 private:
  /// A sink, by its address, and what the metrics know of it.
  struct Known {
    Known(const media::Sink& known, observe::Metrics& metrics)
        : sink(&known), waiting(metrics.sink_queue_bytes(known.name())), dropped(metrics.sink_dropped(known.name())) {}

    const media::Sink* sink;
    observe::Gauge waiting;
    observe::Counter dropped;
    std::size_t waiting_bytes = 0;
    std::uint64_t dropped_frames = 0;

    void tell(std::size_t bytes, std::uint64_t frames);
  };

  Known& of(const media::Sink& sink);

  observe::Metrics& metrics_;
  std::vector<Known> known_;
};

}  // namespace trunkline::providers
