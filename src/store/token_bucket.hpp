#pragma once

#include <trunkline/store/live.hpp>

#include <cstdint>

namespace trunkline::store {

/// What is kept of a token bucket. The level is in 60,000ths of a token, of which `per_minute` come in each
/// millisecond: all of it is whole numbers, so a long wait and many short ones bring the same.
struct BucketLevel {
  std::int64_t level = 0;
  std::int64_t at_ms = 0;  ///< when it was that, on whatever clock
};

inline constexpr std::int64_t bucket_units = 60'000;  ///< of one token

/// One request at a time: `known` becomes what is to be kept until the bucket is full again. A bucket that is not known
/// is full. The Lua script of the Redis driver computes the same, there with the time of the server.
BucketAnswer take_token(std::optional<BucketLevel>& known, BucketShape shape, std::int64_t now_ms);

}  // namespace trunkline::store
