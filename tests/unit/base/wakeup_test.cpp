#include <trunkline/base/wakeup.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <catch2/catch.hpp>

#include <thread>

using namespace trunkline;

namespace {

constexpr std::chrono::hours for_long{1};

/// A loop whose turns the test takes, and somebody who rests on it.
struct Resting {
  boost::asio::io_context loop;
  Wakeup wakeup{loop};
  bool rested = false;

  /// Without a wake-up it would last an hour.
  void rest() {
    rested = false;
    auto task = [this]() -> boost::asio::awaitable<void> {
      co_await wakeup.rest(for_long);
      rested = true;
    };
    boost::asio::co_spawn(loop, task, boost::asio::detached);
    turn();
  }
  void turn() {
    loop.restart();
    loop.poll();
  }
};

}  // namespace

TEST_CASE_METHOD(Resting, "who rests is woken, once for all who called") {
  rest();
  CHECK_FALSE(rested);
  wakeup.wake();
  wakeup.wake();
  turn();
  CHECK(rested);
  CHECK(wakeup.woken());
  wakeup.take();
  rest();
  CHECK_FALSE(rested);
}

TEST_CASE_METHOD(Resting, "a wake-up that comes during the work is there when the rest begins") {
  wakeup.take();
  wakeup.wake();
  rest();
  CHECK(rested);
}

// As a stop after news: the news have arrived, nobody has taken note, and the loop has looked for a stop just before.
TEST_CASE_METHOD(Resting, "a wake-up after one that arrived and was not taken is not lost") {
  wakeup.wake();
  turn();
  wakeup.wake();
  wakeup.take();
  rest();
  CHECK(rested);
}

TEST_CASE("what was said before a wake-up is seen after the rest, whoever said it") {
  boost::asio::io_context loop;
  Wakeup wakeup(loop);
  std::atomic<int> said = 0;
  constexpr int most = 20'000;
  int seen = 0;
  auto listen = [&]() -> boost::asio::awaitable<void> {
    while (seen < most) {
      wakeup.take();
      seen = said;
      if (seen < most) co_await wakeup.rest(for_long);
    }
  };
  boost::asio::co_spawn(loop, listen, boost::asio::detached);
  std::thread other([&] {
    for (int i = 0; i < most; ++i) {
      ++said;
      wakeup.wake();
    }
  });
  loop.run_for(std::chrono::seconds(60));
  other.join();
  CHECK(seen == most);
}
