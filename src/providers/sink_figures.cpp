#include <trunkline/providers/sink_figures.hpp>

#include <algorithm>
#include <utility>

namespace trunkline::providers {

void SinkFigures::Known::tell(std::size_t bytes, std::uint64_t frames) {
  waiting.add(static_cast<double>(bytes) - static_cast<double>(std::exchange(waiting_bytes, bytes)));
  dropped.add(static_cast<double>(frames - std::exchange(dropped_frames, frames)));
}

void SinkFigures::update(std::span<const std::shared_ptr<media::Sink>> sinks) {
  for (const auto& sink : sinks) of(*sink).tell(sink->queued_bytes(), sink->dropped());
}

void SinkFigures::release(const media::Sink& sink) {
  of(sink).tell(0, sink.dropped());
  std::erase_if(known_, [&](const Known& known) { return known.sink == &sink; });
}

SinkFigures::Known& SinkFigures::of(const media::Sink& sink) {
  const auto found = std::ranges::find(known_, &sink, &Known::sink);
  if (found != known_.end()) return *found;
  return known_.emplace_back(sink, metrics_);
}

}  // namespace trunkline::providers
