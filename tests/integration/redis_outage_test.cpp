#include "redis_fixture.hpp"

#include <array>
#include <vector>

namespace trunkline::store {
namespace {

using namespace test;
using Clock = std::chrono::steady_clock;

TEST_CASE("a server that is killed and comes back is connected to again, and everybody is told") {
  if (without_redis()) return;
  OwnRedis server;
  Counting ears;
  Node node(impatient(server.port()));
  ears.listen(node, "news");
  eventually([&] { return node.publish("news") == 1; });
  eventually([&] { return ears.heard == 1; });
  REQUIRE(node.outcome(node->put("key", "value", 60s)) == "ok");
  CHECK(node->losses() == 0);

  server.stop();
  eventually([&] { return !node->connected(); });
  const auto began = Clock::now();
  CHECK(node.outcome(node->get("key")) == "live_unavailable");
  CHECK(node.outcome(node->take("bucket", {10, 10})) == "live_unavailable");
  CHECK(Clock::now() - began < 1'500ms);
  CHECK(ears.gaps == 0);

  server.start();
  node.be_connected();
  CHECK(node->losses() == 1);
  CHECK(node.ask(node->get("key")).value() == std::nullopt);
  eventually([&] { return ears.gaps == 1; });
  CHECK(node.ask(node->publish("news", "again")).value() == 1);
  eventually([&] { return ears.heard == 2; });
  CHECK(node.outcome(node->take("bucket", {10, 10})) == "ok");
}

TEST_CASE("a store that is opened before its server is there gets there, and what comes first waits") {
  if (without_redis()) return;
  OwnRedis server;
  server.stop();
  Counting ears;
  Node node(impatient(server.port()));
  CHECK(node.outcome(node->get("key")) == "live_unavailable");
  ears.listen(node, "news");
  server.start();
  node.be_connected();
  CHECK(node->losses() == 0);
  eventually([&] { return ears.gaps == 1; });

  Node second(impatient(server.port()));
  CHECK(second.outcome(second->put("key", "value", 60s)) == "ok");
}

TEST_CASE("a server that hangs is noticed by a command, which fails in time, and is there again afterwards") {
  if (without_redis()) return;
  OwnRedis server;
  auto options = impatient(server.port());
  options.idle_limit = 60s;
  Node node(options);
  node.be_connected();
  server.freeze();
  const auto began = Clock::now();
  CHECK(node.outcome(node->get("key")) == "live_unavailable");
  const auto took = Clock::now() - began;
  CHECK(took >= 600ms);
  CHECK(took < 2'500ms);
  CHECK_FALSE(node->connected());
  server.thaw();
  node.be_connected();
  CHECK(node.outcome(node->put("key", "value", 60s)) == "ok");
  CHECK(node->losses() == 1);
}

TEST_CASE("a server that hangs is noticed when nobody asks for anything") {
  if (without_redis()) return;
  OwnRedis server;
  Counting ears;
  Node node(impatient(server.port()));
  ears.listen(node, "news");
  node.be_connected();
  server.freeze();
  eventually([&] { return !node->connected(); });
  server.thaw();
  node.be_connected();
  // Only one of the two connections may have been lost: the other one's PING was not overdue when the server went on.
  eventually([&] { return node.ask(node->publish("news", "again")).value() == 1; });
  eventually([&] { return ears.heard > 0; });
}

TEST_CASE("a quiet connection stays: its PINGs are answered") {
  if (without_redis()) return;
  OwnRedis server;
  auto options = impatient(server.port());
  options.idle_limit = 20ms;
  Counting ears;
  Node node(options);
  ears.listen(node, "news");
  node.be_connected();
  auto cli = server.cli();
  eventually([&] { return cli({"INFO", "commandstats"}).find("cmdstat_ping:calls=1") != std::string::npos; });
  CHECK(node->connected());
  CHECK(node->losses() == 0);
  CHECK(ears.gaps == 0);
}

struct Proxied {
  Proxied() : options(impatient(proxy.port())) {}

  OwnRedis server;
  TcpProxy proxy{server.port()};
  RedisOptions options;
};

TEST_CASE("a read whose answer was lost is asked again; a write is not, and may have happened") {
  if (without_redis()) return;
  Proxied way;
  Node node(way.options);
  node.be_connected();
  REQUIRE(node.outcome(node->put("key", "old", 60s)) == "ok");
  way.proxy.judge(once("GET", Verdict::cut_after));
  CHECK(node.ask(node->get("key")).value() == "old");
  CHECK(node->losses() == 1);

  way.proxy.judge(once("new", Verdict::cut_after));
  CHECK(node.outcome(node->put("key", "new", 60s)) == "live_unavailable");
  eventually([&] { return node.value_of("key") == "new"; });

  way.proxy.judge(once("newer", Verdict::cut_before));
  CHECK(node.outcome(node->put("key", "newer", 60s)) == "live_unavailable");
  CHECK(node.ask(node->get("key")).value() == "new");
}

TEST_CASE("connections that are refused again and again are not tried without a pause") {
  if (without_redis()) return;
  Proxied way;
  Node node(way.options);
  node.be_connected();
  way.proxy.let_through(false);
  eventually([&] { return !node->connected(); });
  CHECK(node.outcome(node->get("key")) == "live_unavailable");
  way.proxy.let_through(true);
  node.be_connected();
  CHECK(node.outcome(node->get("key")) == "ok");
}

TEST_CASE("commands that are asked for together travel together") {
  if (without_redis()) return;
  Proxied way;
  std::atomic<int> pieces = 0;
  Node node(way.options);
  node.be_connected();
  way.proxy.judge([&](std::string_view bytes) {
    if (bytes.find("PING") == std::string_view::npos) ++pieces;
    return Verdict::pass;
  });
  std::vector<std::future<Result<>>> answers;
  node.while_busy([&] {
    for (int i = 0; i < 200; ++i) answers.push_back(node.begin(node->put(std::to_string(i), "value", 60s)));
  });
  for (auto& answer : answers) CHECK(Node::outcome_of(answer.get()) == "ok");
  CHECK(pieces < 10);
}

TEST_CASE("what waits is limited, and fails at once when the store is stopped") {
  if (without_redis()) return;
  OwnRedis server;
  auto options = impatient(server.port());
  options.queue_limit = 2;
  options.timeout = 60s;
  Node node(options);
  node.be_connected();
  server.freeze();
  auto first = node.begin(node->get("a"));
  auto second = node.begin(node->put("b", "", 60s));
  const auto third = node.ask(node->get("c"));
  REQUIRE_FALSE(third);
  CHECK(third.error().code == "live_unavailable");
  CHECK(third.error().message.find("too much waits") != std::string::npos);
  node->stop();
  REQUIRE(first.wait_for(10s) == std::future_status::ready);
  REQUIRE(second.wait_for(10s) == std::future_status::ready);
  CHECK(Node::outcome_of(first.get()) == "live_unavailable");
  CHECK(Node::outcome_of(second.get()) == "live_unavailable");
  server.thaw();
}

TEST_CASE("an answer that is too large costs the connection, and only that") {
  if (without_redis()) return;
  OwnRedis server;
  auto options = impatient(server.port());
  options.max_reply_bytes = 100'000;
  Node node(options);
  REQUIRE(node.outcome(node->put("large", std::string(200'000, 'x'), 60s)) == "ok");
  CHECK(node.outcome(node->get("large")) == "live_unavailable");
  eventually([&] { return node.outcome(node->get("small")) == "ok"; });
  CHECK(node->losses() >= 1);
}

TEST_CASE("many callers on several loops each get their own answers") {
  if (without_redis()) return;
  std::array<RunningLoop, 3> loops;
  Node node(on_shared_redis());
  const auto work = [](Node& asking, int caller) -> asio::awaitable<int> {
    int wrong = 0;
    for (int i = 0; i < 100; ++i) {
      const std::string key = std::to_string(caller) + "/" + std::to_string(i);
      const Hash fields{{"key", key}};
      const auto put = co_await asking->put_hash(key, fields, 60s);
      const auto got = co_await asking->get_hash(key);
      if (!put || !got || got->at("key") != key) ++wrong;
    }
    co_return wrong;
  };
  std::vector<std::future<int>> wrong;
  for (int caller = 0; caller < 12; ++caller) {
    auto& loop = loops[static_cast<std::size_t>(caller) % loops.size()].context();
    wrong.push_back(asio::co_spawn(loop, work(node, caller), asio::use_future));
  }
  for (auto& one : wrong) CHECK(one.get() == 0);
}

}  // namespace
}  // namespace trunkline::store
