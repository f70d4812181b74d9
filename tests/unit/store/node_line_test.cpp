#include "support/any_live.hpp"

#include <trunkline/store/node_line.hpp>

#include <catch2/catch.hpp>

#include <atomic>
#include <vector>

namespace trunkline::store {
namespace {

using namespace std::chrono_literals;

/// Two nodes on what they share, the second of which answers as a test says.
struct Lines {
  test::AnyLive home;
  trunkline::test::ManualClock clock;
  std::unique_ptr<Ids> ids = make_ids(clock);
  test::RunningLoop loop;
  test::RunningLoop callers;
  std::unique_ptr<LiveStore> live = home.open(loop.context());
  std::atomic<int> asked = 0;
  NodeLine::Handler handler = [](const std::string& question, const NodeLine::Answer& answer) {
    answer("so: " + question);
  };
  NodeLine one{*live, loop.context(), *ids, "node_1", [](auto, auto) {}, {100ms, 5ms}};
  NodeLine two{*live,
               loop.context(),
               *ids,
               "node_2",
               [this](const std::string& question, const NodeLine::Answer& answer) {
                 ++asked;
                 handler(question, answer);
               },
               {100ms, 5ms}};

  ~Lines() {
    live->stop();
    loop.end();
  }
  Result<std::string> ask(const std::string& node, const std::string& question) {
    return callers.ask(one.ask(node, question));
  }
};

TEST_CASE_METHOD(Lines, "a node gets its answer from the one that it asked") {
  CHECK(ask("node_2", "who?").value() == "so: who?");
  CHECK(ask("node_2", R"({"any":"text"})").value() == R"(so: {"any":"text"})");
  CHECK(asked == 2);
}

TEST_CASE_METHOD(Lines, "a node that is not there does not answer") {
  CHECK(ask("node_3", "who?").error().code == "node_unreachable");
}

TEST_CASE_METHOD(Lines, "a node that never answers is asked twice and hears it once") {
  handler = [](auto, auto) {};
  CHECK(ask("node_2", "who?").error().code == "node_unreachable");
  CHECK(asked == 1);
}

TEST_CASE_METHOD(Lines, "an answer that comes after the second question is taken") {
  std::vector<NodeLine::Answer> kept;
  handler = [&](auto, const NodeLine::Answer& answer) { kept.push_back(answer); };
  auto pending = asio::co_spawn(callers.context(), one.ask("node_2", "who?"), asio::use_future);
  while (asked == 0) std::this_thread::yield();
  REQUIRE(pending.wait_for(0ms) == std::future_status::timeout);
  asio::post(loop.context(), [&] { kept.front()("late"); });
  CHECK(pending.get().value() == "late");
}

TEST_CASE_METHOD(Lines, "what is no question is left alone") {
  for (const char* noise : {"", "{", "[]", R"({"ask":5})", R"({"answer":"req_unknown","text":"x"})"}) {
    callers.ask(live->publish("node/node_2", noise));
  }
  CHECK(ask("node_2", "still there?").value() == "so: still there?");
  CHECK(asked == 1);
}

}  // namespace
}  // namespace trunkline::store
