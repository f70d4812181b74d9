#include <trunkline/base/offload.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include <functional>
#include <future>
#include <memory>
#include <thread>

using namespace trunkline;

namespace {

// Runs a coroutine on `loop` until both are done.
template <class Coroutine>
void run(asio::io_context& loop, Coroutine coroutine) {
  bool finished = false;
  asio::co_spawn(loop, std::move(coroutine), [&](const std::exception_ptr& error) {
    finished = true;
    if (error) std::rethrow_exception(error);
  });
  loop.run();
  CHECK(finished);
}

}  // namespace

TEST_CASE("an offloaded job runs on the pool and its result comes back to the loop") {
  asio::io_context loop;
  ThreadPool pool("work", 1, 4);
  run(loop, [&]() -> asio::awaitable<void> {
    const auto loop_thread = std::this_thread::get_id();
    std::thread::id job_thread;
    const Result<int> result = co_await offload(pool, [&]() -> Result<int> {
      job_thread = std::this_thread::get_id();
      return 42;
    });
    CHECK(result.value() == 42);
    CHECK(job_thread != loop_thread);
    CHECK(std::this_thread::get_id() == loop_thread);
  });
}

TEST_CASE("an offloaded job's error comes back as it is") {
  asio::io_context loop;
  ThreadPool pool("work", 1, 4);
  run(loop, [&]() -> asio::awaitable<void> {
    const Result<> result = co_await offload(pool, []() -> Result<> { return make_error("disk_full", "no room"); });
    CHECK(result.error().code == "disk_full");
  });
}

TEST_CASE("a result that can only be moved comes back") {
  asio::io_context loop;
  ThreadPool pool("work", 1, 4);
  run(loop, [&]() -> asio::awaitable<void> {
    auto result = co_await offload(pool, []() -> Result<std::unique_ptr<int>> { return std::make_unique<int>(7); });
    CHECK(*result.value() == 7);
  });
}

TEST_CASE("a full pool answers overloaded") {
  asio::io_context loop;
  std::promise<void> started;
  std::promise<void> release;
  ThreadPool pool("disk", 1, 1);
  REQUIRE(pool.try_post([&] {
    started.set_value();
    release.get_future().wait();
  }));
  started.get_future().wait();
  REQUIRE(pool.try_post([] {}));
  run(loop, [&]() -> asio::awaitable<void> {
    const Result<> result = co_await offload(pool, []() -> Result<> { return {}; });
    CHECK(result.error().code == "overloaded");
    CHECK(result.error().message.find("disk") != std::string::npos);
  });
  release.set_value();
}

TEST_CASE("many coroutines wait for one pool at a time") {
  asio::io_context loop;
  ThreadPool pool("work", 2, 1000);
  int sum = 0;
  for (int i = 0; i < 500; ++i) {
    asio::co_spawn(
        loop,
        [&pool, &sum, i]() -> asio::awaitable<void> {
          const auto result = co_await offload(pool, [i]() -> Result<int> { return i; });
          sum += result.value();
        },
        asio::detached);
  }
  loop.run();
  CHECK(sum == 499 * 500 / 2);
}

TEST_CASE("a value may be delivered at once or from another thread") {
  asio::io_context loop;
  run(loop, []() -> asio::awaitable<void> {
    const auto now = co_await await_value<std::string>([](auto deliver) { deliver("now"); });
    CHECK(now == "now");
    std::thread other;
    const auto later = co_await await_value<int>([&](auto deliver) { other = std::thread([deliver] { deliver(3); }); });
    CHECK(later == 3);
    other.join();
  });
}

TEST_CASE("the loop stays alive for a value that is still to come") {
  asio::io_context loop;
  std::promise<std::function<void(int)>> handed_over;
  std::thread other([&] { handed_over.get_future().get()(5); });
  int got = 0;
  run(loop, [&]() -> asio::awaitable<void> {
    got = co_await await_value<int>([&](auto deliver) { handed_over.set_value(deliver); });
  });
  other.join();
  CHECK(got == 5);
}
