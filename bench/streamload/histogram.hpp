#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

namespace streamload {

/// Durations in nanoseconds, up to about an hour, in buckets that are each less than 0.8 % wide.
class Histogram {
 public:
  void add(std::uint64_t value) {
    ++buckets_[index(value)];
    ++count_;
    max_ = std::max(max_, value);
  }

  std::uint64_t count() const { return count_; }
  std::uint64_t max() const { return max_; }

  /// The value that a share `q` of all values does not exceed; 0 without values.
  std::uint64_t quantile(double q) const {
    const auto wanted =
        std::max<std::uint64_t>(1, static_cast<std::uint64_t>(std::ceil(q * static_cast<double>(count_))));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < buckets_.size(); ++i) {
      seen += buckets_[i];
      if (seen >= wanted) return std::min(upper_edge(i), max_);
    }
    return max_;
  }

 private:
  static constexpr unsigned sub_bits = 7;  // buckets in each power of two: 128
  static constexpr unsigned max_exponent = 42;
  static constexpr std::size_t size = static_cast<std::size_t>(max_exponent - sub_bits + 2) << sub_bits;

  static std::size_t index(std::uint64_t value) {
    if (value < (1U << sub_bits)) return value;
    const auto exponent = static_cast<unsigned>(63 - std::countl_zero(value));
    if (exponent > max_exponent) return size - 1;
    const unsigned shift = exponent - sub_bits;
    return (static_cast<std::size_t>(shift + 1) << sub_bits) + ((value >> shift) & ((1U << sub_bits) - 1));
  }
  static std::uint64_t upper_edge(std::size_t index) {
    if (index < (1U << sub_bits)) return index;
    const auto shift = static_cast<unsigned>(index >> sub_bits) - 1;
    const std::uint64_t base = (1U << sub_bits) + (index & ((1U << sub_bits) - 1));
    return ((base + 1) << shift) - 1;
  }

  std::vector<std::uint64_t> buckets_ = std::vector<std::uint64_t>(size, 0);
  std::uint64_t count_ = 0;
  std::uint64_t max_ = 0;
};

}  // namespace streamload
