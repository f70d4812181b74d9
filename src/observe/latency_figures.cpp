#include <trunkline/observe/latency_figures.hpp>

#include <algorithm>
#include <bit>
#include <cmath>

namespace trunkline::observe {
namespace {

double to_ms(std::uint64_t us) {
  return static_cast<double>(us) / 1'000;
}

}  // namespace

// Below 16 each microsecond has a bucket; above, the first bit says the octave and the next four the step in it.
std::size_t LatencyFigures::bucket_of(std::uint64_t us) {
  if (us < (1U << steps_bits)) return us;
  const auto octave = static_cast<unsigned>(std::bit_width(us)) - 1 - steps_bits;
  return (static_cast<std::size_t>(octave) << steps_bits) + (us >> octave);
}

std::uint64_t LatencyFigures::end_of(std::size_t bucket) {
  if (bucket < (1U << steps_bits)) return bucket;
  const std::size_t octave = (bucket >> steps_bits) - 1;
  const std::uint64_t step = bucket - (octave << steps_bits);
  return ((step + 1) << octave) - 1;
}

void LatencyFigures::note(Duration took) {
  const auto us = static_cast<std::uint64_t>(std::clamp<Duration::rep>(took.count(), 0, most_us));
  counts_[bucket_of(us)].fetch_add(1, std::memory_order_relaxed);
  sum_us_.fetch_add(us, std::memory_order_relaxed);
  std::uint64_t most = max_us_.load(std::memory_order_relaxed);
  while (us > most && !max_us_.compare_exchange_weak(most, us, std::memory_order_relaxed)) {
  }
}

LatencyFigures::Snapshot LatencyFigures::snapshot() const {
  std::array<std::uint64_t, buckets> counts{};
  Snapshot now;
  for (std::size_t i = 0; i < buckets; ++i) {
    counts[i] = counts_[i].load(std::memory_order_relaxed);
    now.count += counts[i];
  }
  if (now.count == 0) return now;
  const std::uint64_t max_us = max_us_.load(std::memory_order_relaxed);
  const auto percentile = [&](double share) {
    const auto rank = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(now.count)));
    std::size_t bucket = 0;
    for (std::uint64_t seen = counts[0]; seen < rank && bucket + 1 < buckets; seen += counts[bucket]) ++bucket;
    return to_ms(std::min(end_of(bucket), max_us));
  };
  now.average_ms = to_ms(sum_us_.load(std::memory_order_relaxed)) / static_cast<double>(now.count);
  now.p50_ms = percentile(0.50);
  now.p95_ms = percentile(0.95);
  now.p99_ms = percentile(0.99);
  now.max_ms = to_ms(max_us);
  return now;
}

}  // namespace trunkline::observe
