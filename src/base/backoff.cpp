#include <trunkline/base/backoff.hpp>

#include <algorithm>
#include <cstdint>

namespace trunkline {

milliseconds Backoff::next(double chance) {
  const milliseconds whole = std::min(next_, schedule_.longest);
  next_ = std::min(whole * 2, schedule_.longest);
  const auto half = static_cast<double>(whole.count()) / 2;
  return milliseconds{static_cast<std::int64_t>(half + half * std::clamp(chance, 0.0, 1.0))};
}

}  // namespace trunkline
