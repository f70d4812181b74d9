#include "support/any_live.hpp"

#include <catch2/catch.hpp>

namespace trunkline::store {
namespace {

/// A loop that turns when the test says so.
struct Alone {
  template <class T>
  T ask(asio::awaitable<T> question) {
    auto answer = asio::co_spawn(caller, std::move(question), asio::use_future);
    caller.restart();
    caller.run();
    return answer.get();
  }
  std::optional<std::string> at(const std::string& key) { return ask(live->get(key)).value(); }

  trunkline::test::ManualClock clock;
  asio::io_context loop;
  asio::io_context caller;
  std::unique_ptr<LiveStore> live = make_memory_live(loop, clock, 3);
};

TEST_CASE_METHOD(Alone, "without room the key goes whose time would be over first") {
  REQUIRE(ask(live->put("long", "1", milliseconds(5'000))));
  REQUIRE(ask(live->put("short", "2", milliseconds(1'000))));
  REQUIRE(ask(live->put("middle", "3", milliseconds(3'000))));
  REQUIRE(ask(live->put("new", "4", milliseconds(10))));
  CHECK(at("short") == std::nullopt);
  CHECK(at("long") == "1");
  CHECK(at("middle") == "3");
  CHECK(at("new") == "4");
}

TEST_CASE_METHOD(Alone, "keys whose time is over make room before any other") {
  REQUIRE(ask(live->put("over", "1", milliseconds(10))));
  REQUIRE(ask(live->put("b", "2", milliseconds(20))));
  REQUIRE(ask(live->put("c", "3", milliseconds(1'000))));
  clock.advance(milliseconds(10));
  REQUIRE(ask(live->put("d", "4", milliseconds(1'000))));
  CHECK(at("b") == "2");
}

TEST_CASE_METHOD(Alone, "a key that is there is replaced and kept without costing another its place") {
  for (const char* key : {"a", "b", "c"}) REQUIRE(ask(live->put(key, "1", milliseconds(1'000))));
  REQUIRE(ask(live->put("b", "2", milliseconds(1'000))));
  CHECK(ask(live->keep("a", milliseconds(9'000))).value());
  clock.advance(milliseconds(1'000));
  CHECK(at("a") == "1");
  CHECK(at("b") == std::nullopt);
}

TEST_CASE_METHOD(Alone, "messages wait for the loop up to a limit: who missed one is told") {
  int heard = 0;
  int gaps = 0;
  const auto subscription = live->subscribe("news", [&](std::string_view) { ++heard; }, [&] { ++gaps; });
  for (int i = 0; i < 10'001; ++i) REQUIRE(ask(live->publish("news", "m")).value() == 1);
  CHECK(heard == 0);
  loop.poll();
  CHECK(heard == 10'000);
  CHECK(gaps == 1);
}

TEST_CASE_METHOD(Alone, "a subscription may end itself, and others, while it hears something") {
  std::unique_ptr<LiveStore::Subscription> first;
  std::unique_ptr<LiveStore::Subscription> second;
  int heard = 0;
  const auto end_both = [&](std::string_view) {
    ++heard;
    first.reset();
    second.reset();
  };
  first = live->subscribe("news", end_both, [] {});
  second = live->subscribe("news", end_both, [] {});
  REQUIRE(ask(live->publish("news", "m")).value() == 1);
  loop.poll();
  CHECK(heard == 1);
  CHECK(ask(live->publish("news", "m")).value() == 0);
}

}  // namespace
}  // namespace trunkline::store
