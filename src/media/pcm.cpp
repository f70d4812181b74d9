#include <trunkline/media/pcm.hpp>

#include <algorithm>
#include <cmath>

namespace trunkline::media {

double level_dbfs(double mean_square) {
  constexpr double full_scale = 32768.0 * 32768.0;
  if (mean_square <= 0) return silent_dbfs;
  return std::max(silent_dbfs, 10.0 * std::log10(mean_square / full_scale));
}

}  // namespace trunkline::media
