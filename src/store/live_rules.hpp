#pragma once

#include <trunkline/base/result.hpp>
#include <trunkline/observe/log.hpp>
#include <trunkline/store/live.hpp>

#include <cmath>
#include <cstdint>
#include <exception>
#include <utility>

namespace trunkline::store::live {

/// What every driver refuses alike, with `live_failed`, before it does anything.

inline Error refused(const char* why) {
  return make_error("live_failed", why);
}

inline Result<> check_ttl(milliseconds ttl) {
  constexpr milliseconds longest = std::chrono::hours(24 * 365);
  if (ttl > milliseconds::zero() && ttl <= longest) return {};
  return refused("a time to live is more than nothing and at most a year");
}

inline Result<> check_limited(std::size_t limit, milliseconds ttl) {
  if (limit == 0) return refused("a collection has room for one at least");
  return check_ttl(ttl);
}

inline Result<> check_scored(double score, std::size_t limit, milliseconds ttl) {
  if (std::isnan(score)) return refused("a score is a number");
  return check_limited(limit, ttl);
}

inline Result<> check_shape(BucketShape shape) {
  constexpr std::int64_t most = 1'000'000'000;  // a double holds every level below
  const auto fits = [](std::int64_t number) { return number >= 1 && number <= most; };
  if (fits(shape.capacity) && fits(shape.per_minute)) return {};
  return refused("a bucket holds from one token to a billion, and gets as many a minute");
}

inline Error stopped() {
  return make_error("live_unavailable", "the live state is being closed");
}

/// Tells one of several who wait or listen. What he throws is logged: it costs the others nothing.
template <class Tell>
void tell(Tell&& tell_him) {
  try {
    std::forward<Tell>(tell_him)();
  } catch (const std::exception& thrown) {
    log::error("who was told of live state failed", {{"reason", thrown.what()}});
  } catch (...) {
    log::error("who was told of live state failed", {{"reason", "unknown"}});
  }
}

}  // namespace trunkline::store::live
