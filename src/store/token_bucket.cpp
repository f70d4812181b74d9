#include "store/token_bucket.hpp"

#include <algorithm>

namespace trunkline::store {
namespace {

/// Milliseconds until `units` more are there.
std::int64_t time_for(std::int64_t units, std::int64_t per_minute) {
  return (units + per_minute - 1) / per_minute;
}

std::int64_t refilled(const BucketLevel& known, std::int64_t full, std::int64_t per_minute, std::int64_t now_ms) {
  const std::int64_t passed = std::max<std::int64_t>(now_ms - known.at_ms, 0);
  const std::int64_t level = std::min(known.level, full);  // the bucket may have been larger
  return passed >= time_for(full - level, per_minute) ? full : level + passed * per_minute;
}

}  // namespace

BucketAnswer take_token(std::optional<BucketLevel>& known, BucketShape shape, std::int64_t now_ms) {
  const std::int64_t full = shape.capacity * bucket_units;
  std::int64_t level = known ? refilled(*known, full, shape.per_minute, now_ms) : full;
  BucketAnswer answer;
  answer.admitted = level >= bucket_units;
  if (answer.admitted) {
    level -= bucket_units;
  } else {
    answer.retry_after = milliseconds(time_for(bucket_units - level, shape.per_minute));
  }
  answer.remaining = level / bucket_units;
  answer.full_after = milliseconds(time_for(full - level, shape.per_minute));
  known = BucketLevel{level, now_ms};
  return answer;
}

}  // namespace trunkline::store
