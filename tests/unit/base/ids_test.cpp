#include "support/manual_clock.hpp"

#include <trunkline/base/ids.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <thread>
#include <vector>

using namespace trunkline;
using trunkline::test::ManualClock;

TEST_CASE("an id is its prefix and a ULID of the time") {
  ManualClock clock(from_millis(1'469'918'176'385));  // the ULID specification's example
  const auto id = make_ids(clock)->make("call");
  REQUIRE(id.size() == 5 + 26);
  CHECK(id.substr(0, 15) == "call_01ARYZ6S41");
  CHECK(id.find_first_not_of("0123456789ABCDEFGHJKMNPQRSTVWXYZ", 5) == std::string::npos);
}

TEST_CASE("ids rise within a millisecond, over time, and when the clock goes back") {
  ManualClock clock;
  const auto ids = make_ids(clock);
  std::vector<std::string> made;
  for (const int step : {0, 1, 1000, -500, 0, 600}) {
    clock.advance(milliseconds{step});
    for (int i = 0; i < 300; ++i) made.push_back(ids->make("evt"));
  }
  CHECK(std::is_sorted(made.begin(), made.end(), std::less_equal<>{}));
}

TEST_CASE("ids of many threads are all different and rise in each") {
  constexpr std::size_t threads = 4;
  constexpr std::size_t each = 2000;
  const auto ids = make_ids(system_clock());
  std::vector<std::vector<std::string>> made(threads);
  std::vector<std::thread> running;
  for (auto& mine : made) {
    running.emplace_back([&ids, &mine] {
      for (std::size_t i = 0; i < each; ++i) mine.push_back(ids->make("x"));
    });
  }
  for (auto& thread : running) thread.join();

  std::vector<std::string> all;
  for (const auto& mine : made) {
    CHECK(std::is_sorted(mine.begin(), mine.end()));
    all.insert(all.end(), mine.begin(), mine.end());
  }
  std::sort(all.begin(), all.end());
  CHECK(std::adjacent_find(all.begin(), all.end()) == all.end());
  CHECK(all.size() == threads * each);
}

TEST_CASE("two processes started in the same millisecond make different ids") {
  ManualClock clock(from_millis(0));
  CHECK(make_ids(clock)->make("x") != make_ids(clock)->make("x"));
}

TEST_CASE("a secret is hexadecimal and new each time") {
  const auto ids = make_ids(system_clock());
  const std::string secret = ids->secret(32);
  CHECK(secret.size() == 64);
  CHECK(secret.find_first_not_of("0123456789abcdef") == std::string::npos);
  CHECK(secret != ids->secret(32));
}
