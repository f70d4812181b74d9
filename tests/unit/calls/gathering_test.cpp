#include "calls/gathering.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <catch2/catch.hpp>

#include <future>
#include <string>
#include <vector>

namespace trunkline::calls {
namespace {

using Strings = Gathering<std::string, std::string>;

/// A store that answers when the test says so, and keeps what it was given.
struct Desk {
  explicit Desk(milliseconds patience = std::chrono::hours(1))
      : gathering([this](Strings::Requests requests) { return store(std::move(requests)); }, patience) {}

  std::future<Result<std::string>> submit(std::string request) {
    return asio::co_spawn(loop, ask(std::move(request)), asio::use_future);
  }
  asio::awaitable<Result<std::string>> ask(std::string request) { co_return co_await gathering.submit(request); }

  asio::awaitable<Result<Strings::Outcomes>> store(Strings::Requests requests) {
    std::vector<std::string> batch;
    for (const std::string* request : requests) batch.push_back(*request);
    batches.push_back(batch);
    if (batch.front() == "stuck") {
      co_await await_value<int>([this](auto deliver) { stuck = [deliver] { deliver(0); }; });
    } else {
      co_await await_value<int>([this](auto deliver) { go_on = [deliver] { deliver(0); }; });
    }
    if (error) co_return *error;
    Strings::Outcomes outcomes;
    for (const std::string& request : batch) {
      if (request == "refused by all") co_return make_error("store_failed", "not this");
      if (request == "refused") {
        outcomes.push_back(make_error("refused", "not this"));
      } else {
        outcomes.push_back("stored " + request);
      }
    }
    co_return outcomes;
  }

  void settle() {
    while (loop.poll() > 0) loop.restart();
    loop.restart();
  }
  void answer() {
    settle();
    REQUIRE(go_on);
    std::exchange(go_on, nullptr)();
    settle();
  }

  asio::io_context loop;
  std::vector<std::vector<std::string>> batches;
  std::function<void()> go_on;
  std::function<void()> stuck;
  std::optional<Error> error;
  Strings gathering;
};

bool is_there(const std::future<Result<std::string>>& future) {
  return future.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
}

TEST_CASE("what comes while one is stored is stored together, in its order") {
  Desk desk;
  auto first = desk.submit("1");
  desk.settle();
  auto second = desk.submit("2");
  auto third = desk.submit("3");
  desk.settle();
  CHECK(desk.batches == std::vector<std::vector<std::string>>{{"1"}});
  desk.answer();
  CHECK(first.get().value() == "stored 1");
  CHECK_FALSE(is_there(second));
  desk.answer();
  CHECK(desk.batches == std::vector<std::vector<std::string>>{{"1"}, {"2", "3"}});
  CHECK(second.get().value() == "stored 2");
  CHECK(third.get().value() == "stored 3");

  auto later = desk.submit("4");
  desk.answer();
  CHECK(later.get().value() == "stored 4");
}

TEST_CASE("no more than 64 are stored at once") {
  Desk desk;
  std::vector<std::future<Result<std::string>>> answers;
  for (int i = 0; i < 100; ++i) answers.push_back(desk.submit(std::to_string(i)));
  desk.answer();
  desk.answer();
  REQUIRE(desk.batches.size() == 2);
  CHECK(desk.batches[0].size() + desk.batches[1].size() == 100);
  CHECK(std::max(desk.batches[0].size(), desk.batches[1].size()) == 64);
  for (int i = 0; i < 100; ++i)
    CHECK(answers[static_cast<std::size_t>(i)].get().value() == "stored " + std::to_string(i));
}

TEST_CASE("each gets its own answer, a refusal too") {
  Desk desk;
  auto refused = desk.submit("refused");
  auto good = desk.submit("good");
  desk.answer();
  CHECK(refused.get().error().code == "refused");
  CHECK(good.get().value() == "stored good");
}

TEST_CASE("one that the store cannot take does not take the others with it") {
  Desk desk;
  auto good = desk.submit("good");
  auto bad = desk.submit("refused by all");
  desk.answer();
  desk.answer();
  desk.answer();
  CHECK(desk.batches ==
        std::vector<std::vector<std::string>>{{"good", "refused by all"}, {"good"}, {"refused by all"}});
  CHECK(good.get().value() == "stored good");
  CHECK(bad.get().error().code == "store_failed");
}

TEST_CASE("while the store is away nobody waits for a try of his own, and the next is tried again") {
  Desk desk;
  auto first = desk.submit("1");
  desk.settle();
  auto second = desk.submit("2");
  desk.error = make_error("store_unavailable", "away");
  desk.answer();
  CHECK(first.get().error().code == "store_unavailable");
  CHECK(second.get().error().code == "store_unavailable");
  desk.error.reset();
  auto third = desk.submit("3");
  desk.answer();
  CHECK(third.get().value() == "stored 3");
}

TEST_CASE("one that is stuck holds up nobody, and is answered in the end") {
  Desk desk(milliseconds(20));
  auto stuck = desk.submit("stuck");
  desk.settle();
  auto second = desk.submit("2");
  while (!desk.go_on) desk.loop.run_one();
  auto third = desk.submit("3");
  desk.answer();
  CHECK(second.get().value() == "stored 2");
  desk.answer();
  CHECK(third.get().value() == "stored 3");
  CHECK_FALSE(is_there(stuck));
  desk.stuck();
  desk.settle();
  CHECK(stuck.get().value() == "stored stuck");
}

TEST_CASE("who waits when everything ends leaves nothing behind") {
  Desk desk;
  auto first = desk.submit("1");
  desk.settle();
  auto second = desk.submit("2");
  desk.settle();
  CHECK_FALSE(is_there(first));
  CHECK_FALSE(is_there(second));
}

}  // namespace
}  // namespace trunkline::calls
