#include "redis_fixture.hpp"

namespace trunkline::store {
namespace {

using namespace test;

const std::string at_once = "'repl-diskless-sync-delay 0'";  // a replica waits five seconds for others else

/// A master, a replica, and a Sentinel that watches them.
struct Watched {
  explicit Watched(const std::string& password = {})
      : master(at_once),
        replica(at_once + " 'replicaof 127.0.0.1 " + std::to_string(master.port()) + "'"),
        sentinel("--sentinel 'sentinel monitor calls 127.0.0.1 " + std::to_string(master.port()) +
                 " 1' 'sentinel down-after-milliseconds calls 1000' 'sentinel failover-timeout calls 5000'" +
                 (password.empty() ? "" : " 'requirepass " + password + "'")) {
    options = impatient(1);
    options.sentinels = {{"127.0.0.1", 1}, {"127.0.0.1", sentinel.port()}};  // nobody is at the first
    options.sentinel_master = "calls";
    options.sentinel_password = password;
    eventually(
        [this] { return asked({"SENTINEL", "replicas", "calls"}).find("master-link-status ok") != std::string::npos; });
  }

  std::string asked(const std::vector<std::string>& words) const {
    auto cli = sentinel.cli();
    if (!options.sentinel_password.empty()) cli({"AUTH", options.sentinel_password});
    return cli(words);
  }
  std::string port_of_master() const { return asked({"SENTINEL", "get-master-addr-by-name", "calls"}); }

  OwnRedis master;
  OwnRedis replica;
  OwnRedis sentinel;
  RedisOptions options;
};

TEST_CASE("Sentinel is asked for the master, and again after a failover") {
  if (without_redis()) return;
  Watched home;
  Counting ears;
  Node node(home.options);
  ears.listen(node, "news");
  REQUIRE(node.outcome(node->put("key", "value", 600s)) == "ok");
  CHECK(try_redis(home.options).value().find(std::to_string(home.master.port())) != std::string::npos);
  node.be_connected();

  // Until the replica has it: the failover takes what is there.
  eventually([&] { return home.replica.cli()({"DBSIZE"}) == "1"; });
  eventually([&] { return home.asked({"SENTINEL", "FAILOVER", "calls"}) == "OK"; });
  eventually([&] { return home.port_of_master() == "127.0.0.1 " + std::to_string(home.replica.port()); });
  eventually([&] { return node.outcome(node->put("other", "value", 600s)) == "ok" && node->losses() >= 1; });
  CHECK(home.replica.cli()({"ROLE"}).starts_with("master"));
  CHECK(home.replica.cli()({"EXISTS", home.options.prefix + "other"}) == "1");
  CHECK(node.ask(node->get("key")).value() == "value");
  eventually([&] { return ears.gaps >= 1; });
  eventually([&] { return node.publish("news") == 1; });
}

TEST_CASE("a master that dies is replaced by the one that Sentinel promotes") {
  if (without_redis()) return;
  Watched home;
  Node node(home.options);
  node.be_connected();
  home.master.stop();
  eventually([&] { return node.outcome(node->put("key", "value", 600s)) == "ok"; });
  CHECK(home.replica.cli()({"ROLE"}).starts_with("master"));
  CHECK(node->losses() >= 1);
}

TEST_CASE("Sentinels that ask for a password are given their own, and it is said when it is not theirs") {
  if (without_redis()) return;
  Watched home("of-sentinels");
  CHECK(try_redis(home.options).value().find(std::to_string(home.master.port())) != std::string::npos);
  const std::string name = "Sentinel at 127.0.0.1 port " + std::to_string(home.sentinel.port());
  const auto refused = [&](const std::string& user, const std::string& password) {
    RedisOptions options = home.options;
    options.sentinel_user = user;
    options.sentinel_password = password;
    const auto error = try_redis(options).error();
    CHECK(error.code == "live_refused");
    return error.message;
  };
  CHECK(refused("", "") == name + " asks for a password (NOAUTH)");
  CHECK(refused("", "of-servers") == name + " refuses the password (WRONGPASS)");
  CHECK(refused("asker", "of-sentinels") == name + " refuses the password (WRONGPASS)");

  REQUIRE(home.asked({"ACL", "SETUSER", "asker", "on", ">of-asker", "+sentinel", "+client"}) == "OK");
  home.options.sentinel_user = "asker";
  home.options.sentinel_password = "of-asker";
  CHECK(try_redis(home.options).has_value());
}

TEST_CASE("a master that Sentinel does not know is said to be unknown") {
  if (without_redis()) return;
  Watched home;
  home.options.sentinel_master = "others";
  const auto found = try_redis(home.options);
  REQUIRE_FALSE(found.has_value());
  CHECK(found.error().message.find("knows no master 'others'") != std::string::npos);
}

}  // namespace
}  // namespace trunkline::store
