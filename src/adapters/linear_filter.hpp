#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace trunkline::adapters {

/// One half of a filter's impulse response, which is symmetric: side[n] is the weight n samples from the middle.
using FilterSide = std::vector<double>;

/// A linear-phase filter over audio that comes piece by piece, which may change the sample rate by a ratio of whole
/// numbers: up - 1 zeros are put between the input's samples, the filter goes over that, and every down-th of its
/// samples is kept.
///
/// Sample k of what comes out stands where k * down / up stood in what went in: nothing is delayed on the timeline,
/// though it comes out half of the filter's length later. Whole-number arithmetic: the same on every machine, and how
/// the input is cut into pieces changes no bit. Takes no memory once pieces of that length went through. One thread at
/// a time.
class LinearFilter {
 public:
  /// `side` is at the rate of the input times `up`. The magnitudes of a filter's weights (side[0], the others twice)
  /// may add up to 3.9 at most, or loud samples would overflow.
  explicit LinearFilter(const FilterSide& side, std::size_t up = 1, std::size_t down = 1);

  /// Appends to `out` what can be told from the input so far.
  void add(std::span<const std::int16_t> in, std::vector<std::int16_t>& out);
  /// The input ends here: appends the rest, as if silence followed, rounded up to whole samples. The next input is
  /// another signal.
  void finish(std::vector<std::int16_t>& out);

 private:
  void restart();

  std::size_t up_;
  std::size_t down_;
  std::size_t reach_;                 // samples of the input, to either side, that one of the output is made of
  std::vector<std::int16_t> taps_;    // up_ filters of 2 * reach_ + 1: one a place between two samples of the input
  std::vector<std::int16_t> window_;  // the input, from the next output sample's first on
  std::size_t between_ = 0;           // which filter the next output sample takes
};

/// Of a Kaiser window that is `half_length` to either side: its weight `n` from the middle. The filter that it makes of
/// a sinc is 60 dB down beside its band.
double kaiser_60_db(double n, double half_length);

}  // namespace trunkline::adapters
