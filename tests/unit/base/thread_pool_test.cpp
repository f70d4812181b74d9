#include <trunkline/base/thread_pool.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <atomic>
#include <future>
#include <memory>
#include <vector>

using trunkline::ThreadPool;

namespace {

/// Keeps a pool's only thread busy until it is pulled. Like everything a job refers to, made before the pool.
class Plug {
 public:
  void put_into(ThreadPool& pool) {
    REQUIRE(pool.try_post([this] {
      started_.set_value();
      pulled_.get_future().wait();
    }));
    started_.get_future().wait();
  }
  void pull() { pulled_.set_value(); }

 private:
  std::promise<void> started_;
  std::promise<void> pulled_;
};

}  // namespace

TEST_CASE("a pool refuses what exceeds its limit, and takes more once there is room") {
  Plug plug;
  std::promise<void> last;
  ThreadPool pool("test", 1, 2);
  plug.put_into(pool);
  CHECK(pool.queued() == 0);
  CHECK(pool.try_post([] {}));
  CHECK(pool.try_post([&] { last.set_value(); }));
  CHECK(pool.queued() == 2);
  CHECK_FALSE(pool.try_post([] { FAIL("was refused"); }));
  plug.pull();
  last.get_future().wait();
  CHECK(pool.queued() == 0);
  CHECK(pool.try_post([] {}));
}

TEST_CASE("one thread runs jobs in the order they came") {
  std::vector<int> order;
  {
    ThreadPool pool("test", 1, 100);
    for (int i = 0; i < 100; ++i) CHECK(pool.try_post([&order, i] { order.push_back(i); }));
  }
  CHECK(order.size() == 100);
  CHECK(std::is_sorted(order.begin(), order.end()));
}

TEST_CASE("destruction finishes what is queued") {
  std::atomic<int> done = 0;
  {
    ThreadPool pool("test", 2, 1000);
    for (int i = 0; i < 500; ++i) CHECK(pool.try_post([&] { ++done; }));
  }
  CHECK(done == 500);
}

TEST_CASE("a job is destroyed once it has run, not when the next one comes") {
  std::promise<bool> gone;
  auto token = std::make_shared<int>(1);
  const std::weak_ptr<int> watch = token;
  ThreadPool pool("test", 1, 4);
  CHECK(pool.try_post([held = std::move(token)] {}));
  CHECK(pool.try_post([&] { gone.set_value(watch.expired()); }));
  CHECK(gone.get_future().get());
}

TEST_CASE("several threads work at once") {
  std::promise<void> first;
  std::promise<void> second;
  ThreadPool pool("test", 2, 4);
  CHECK(pool.try_post([&] {
    first.set_value();
    second.get_future().wait();
  }));
  CHECK(pool.try_post([&] {
    first.get_future().wait();
    second.set_value();
  }));
}

TEST_CASE("a pool is called by its name") {
  CHECK(ThreadPool("recorder", 1, 1).name() == "recorder");
}

TEST_CASE("a pool that gathers loses nothing, and does not make its end wait") {
  std::vector<int> order;
  ThreadPool pool("test", 1, 100, std::chrono::hours{1});
  for (int i = 0; i < 10; ++i) CHECK(pool.try_post([&order, i] { order.push_back(i); }));
  pool.stop();
  CHECK(order.size() == 10);
  CHECK(std::is_sorted(order.begin(), order.end()));
}

TEST_CASE("a pool that gathers wakes up for each burst") {
  for (const std::size_t threads : {1U, 3U}) {
    ThreadPool pool("test", threads, 1000, trunkline::milliseconds{1});
    for (int burst = 0; burst < 50; ++burst) {
      std::atomic<int> left = 20;
      std::promise<void> done;
      for (int i = 0; i < 20; ++i) {
        CHECK(pool.try_post([&] {
          if (--left == 0) done.set_value();
        }));
      }
      done.get_future().wait();
    }
  }
}

TEST_CASE("what was gathered is shared among the threads") {
  std::promise<void> second;
  std::promise<bool> first;
  ThreadPool pool("test", 2, 100, trunkline::milliseconds{1});
  CHECK(pool.try_post(
      [&] { first.set_value(second.get_future().wait_for(std::chrono::seconds{10}) == std::future_status::ready); }));
  CHECK(pool.try_post([&] { second.set_value(); }));
  CHECK(first.get_future().get());
}
