#include "store/token_bucket.hpp"

#include <catch2/catch.hpp>

namespace trunkline::store {
namespace {

struct Bucket {
  BucketShape shape{3, 60};  // one a second
  std::optional<BucketLevel> known;
  std::int64_t now = 1'000'000;

  BucketAnswer take() { return take_token(known, shape, now); }
};

TEST_CASE_METHOD(Bucket, "a bucket that is not known is full, and says when it will be full again") {
  const auto first = take();
  CHECK(first.admitted);
  CHECK(first.remaining == 2);
  CHECK(first.retry_after == milliseconds(0));
  CHECK(first.full_after == milliseconds(1'000));
  CHECK(take().full_after == milliseconds(2'000));
}

TEST_CASE_METHOD(Bucket,
                 "an empty bucket refuses, takes nothing, and says when to come again: not a millisecond early") {
  for (int i = 0; i < 3; ++i) CHECK(take().admitted);
  now += 400;
  const auto refused = take();
  CHECK_FALSE(refused.admitted);
  CHECK(refused.remaining == 0);
  CHECK(refused.retry_after == milliseconds(600));
  CHECK(refused.full_after == milliseconds(2'600));
  now += 599;
  CHECK_FALSE(take().admitted);
  now += 1;
  CHECK(take().admitted);
  CHECK_FALSE(take().admitted);
}

TEST_CASE_METHOD(Bucket, "many short waits bring as much as one long one") {
  shape = {1, 7};  // one in 8571.4 ms
  take();
  for (int waited = 1; waited <= 8'571; ++waited) {
    ++now;
    REQUIRE_FALSE(take().admitted);
  }
  ++now;
  CHECK(take().admitted);
}

TEST_CASE_METHOD(Bucket, "it holds no more than its capacity, however long nobody came") {
  take();
  now += std::int64_t{365} * 86'400'000 * 100;
  CHECK(take().remaining == 2);
}

TEST_CASE_METHOD(Bucket, "a clock that goes back costs nothing and brings nothing") {
  for (int i = 0; i < 3; ++i) take();
  now -= 500'000;
  CHECK(take().retry_after == milliseconds(1'000));
  now += 1'000;
  CHECK(take().admitted);
}

TEST_CASE_METHOD(Bucket, "one that was made smaller holds what it now can") {
  take();
  shape = {1, 60};
  CHECK(take().admitted);
  CHECK_FALSE(take().admitted);
}

TEST_CASE_METHOD(Bucket, "the largest that is allowed is counted exactly") {
  shape = {1'000'000'000, 1'000'000'000};
  CHECK(take().remaining == 999'999'999);
  CHECK(take().remaining == 999'999'998);
  CHECK(take().full_after == milliseconds(1));
  now += std::int64_t{1} << 50;
  CHECK(take().remaining == 999'999'999);
}

}  // namespace
}  // namespace trunkline::store
