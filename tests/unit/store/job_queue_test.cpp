#include "store/job_queue.hpp"

#include <catch2/catch.hpp>

#include <thread>

namespace trunkline::store {
namespace {

Job numbered(int number, std::vector<int>& ran) {
  return {{}, [number, &ran](const Result<>&) { ran.push_back(number); }};
}

TEST_CASE("jobs are taken in order, as many as were asked for") {
  JobQueue queue(8);
  std::vector<int> ran;
  for (int i = 0; i < 5; ++i) {
    auto job = numbered(i, ran);
    REQUIRE(queue.try_push(job) == JobQueue::Push::taken);
  }
  for (const auto& job : queue.take(3)) job.done({});
  CHECK(ran == std::vector{0, 1, 2});
  CHECK(queue.size() == 2);
  for (const auto& job : queue.take(3)) job.done({});
  CHECK(ran == std::vector{0, 1, 2, 3, 4});
}

TEST_CASE("a full queue leaves the job with its owner") {
  JobQueue queue(1);
  std::vector<int> ran;
  auto first = numbered(1, ran);
  auto second = numbered(2, ran);
  REQUIRE(queue.try_push(first) == JobQueue::Push::taken);
  REQUIRE(queue.try_push(second) == JobQueue::Push::full);
  second.done({});
  CHECK(ran == std::vector{2});
}

TEST_CASE("a closed queue is drained before it ends") {
  JobQueue queue(8);
  std::vector<int> ran;
  auto job = numbered(1, ran);
  REQUIRE(queue.try_push(job) == JobQueue::Push::taken);
  queue.close();
  CHECK(queue.take(8).size() == 1);
  CHECK(queue.take(8).empty());
}

TEST_CASE("jobs that have waited for long are taken out, in order, and no others") {
  JobQueue queue(8);
  std::vector<int> ran;
  const MonoTime start;
  for (int i = 0; i < 4; ++i) {
    auto job = numbered(i, ran);
    job.since = start + milliseconds(i);
    REQUIRE(queue.try_push(job) == JobQueue::Push::taken);
  }
  for (const auto& job : queue.take_older(start + milliseconds(2))) job.done({});
  CHECK(ran == std::vector{0, 1});
  CHECK(queue.take_older(start).empty());
  CHECK(queue.size() == 2);
}

TEST_CASE("closing wakes who waits") {
  JobQueue queue(8);
  std::size_t taken = 1;
  std::thread taker([&] { taken = queue.take(8).size(); });
  queue.close();
  taker.join();
  CHECK(taken == 0);
}

}  // namespace
}  // namespace trunkline::store
