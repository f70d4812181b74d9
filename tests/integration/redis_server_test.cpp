#include "redis_fixture.hpp"
#include "store/redis/scripts.hpp"
#include "store/token_bucket.hpp"

#include <cstdlib>
#include <random>

namespace trunkline::store {
namespace {

using namespace test;

TEST_CASE("everything is below the prefix, and has a time to live") {
  if (without_redis()) return;
  OwnRedis server;
  auto options = impatient(server.port());
  options.prefix = "trunkline:";
  options.database = 3;
  Node node(options);
  for (const auto& outcome :
       {node.outcome(node->put("a", "1", 60s)), node.outcome(node->put_new("b", "1", 60s)),
        node.outcome(node->put_hash("c", {{"x", "y"}}, 60s)), node.outcome(node->add_scored("d", "m", 1, 5, 60s)),
        node.outcome(node->append_to("e", "i", 5, 60s)), node.outcome(node->claim("f", "h", 1, 60s)),
        node.outcome(node->take("g", {600, 10}))}) {
    CHECK(outcome == "ok");
  }
  auto cli = server.cli();
  CHECK(cli({"SELECT", "3"}) == "OK");
  CHECK(cli({"DBSIZE"}) == "7");
  for (const char* key : {"a", "b", "c", "d", "e", "f", "g"}) {
    CHECK(std::stoll(cli({"PTTL", std::string("trunkline:") + key})) > 0);
  }
  CHECK(cli({"CLIENT", "LIST"}).find("name=trunkline ") != std::string::npos);
}

TEST_CASE("a script that the server has forgotten is sent again") {
  if (without_redis()) return;
  OwnRedis server;
  Node node(impatient(server.port()));
  CHECK(node.ask(node->claim("stream", "a", 1, 60s)).value());
  CHECK(server.cli()({"SCRIPT", "FLUSH"}) == "OK");
  CHECK(node.ask(node->claim("stream", "b", 2, 60s)).value());
  CHECK(node.ask(node->take("bucket", {5, 5})).value().remaining == 4);
}

TEST_CASE("the server counts tokens as the pure function does") {
  if (without_redis()) return;
  OwnRedis server;
  const auto options = impatient(server.port());
  Node node(options);
  auto cli = server.cli();
  std::mt19937_64 random(7);
  const auto below = [&random](std::int64_t limit) {
    return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(limit));
  };
  int compared = 0;
  for (int i = 0; i < 500; ++i) {
    const std::string bucket = "b" + std::to_string(i);
    const std::string key = options.prefix + bucket;
    const BucketShape shape{1 + below(i % 2 == 0 ? 20 : 1'000'000'000), 1 + below(i % 3 == 0 ? 1'000'000'000 : 600)};
    const auto time = cli({"TIME"});
    const std::int64_t ago = below(200'000) - 20'000;
    const BucketLevel before{below(shape.capacity * bucket_units + 1), std::stoll(time) * 1'000 - ago};
    cli({"HSET", key, "level", std::to_string(before.level), "at", std::to_string(before.at_ms)});
    const auto answer = node.ask(node->take(bucket, shape)).value();
    const std::string kept = cli({"HMGET", key, "level", "at"});
    if (kept == " ") continue;  // it is full again: nothing is kept
    const BucketLevel after{std::stoll(kept), std::stoll(kept.substr(kept.find(' ')))};
    std::optional<BucketLevel> known = before;
    const auto expected = take_token(known, shape, after.at_ms);
    CHECK(answer.admitted == expected.admitted);
    CHECK(answer.remaining == expected.remaining);
    CHECK(answer.retry_after == expected.retry_after);
    CHECK(answer.full_after == expected.full_after);
    CHECK(after.level == known->level);
    ++compared;
  }
  CHECK(compared > 200);
}

TEST_CASE("who may not come in is told so, without the password") {
  if (without_redis()) return;
  OwnRedis server("'requirepass right-word' 'user reader on >reader-word ~* &* -@all +ping +info +client|setname'");
  auto options = impatient(server.port());
  const auto none = try_redis(options);
  REQUIRE_FALSE(none.has_value());
  CHECK(none.error().code == "live_refused");
  CHECK(none.error().message.find("asks for a password (NOAUTH)") != std::string::npos);

  options.password = "wrong-word";
  const auto wrong = try_redis(options);
  REQUIRE_FALSE(wrong.has_value());
  CHECK(wrong.error().code == "live_refused");
  CHECK(wrong.error().message.find("refuses the password (WRONGPASS)") != std::string::npos);
  CHECK((wrong.error().message + wrong.error().detail).find("wrong-word") == std::string::npos);
  {
    Node outside(options);
    CHECK(outside.outcome(outside->get("key")) == "live_unavailable");
    CHECK_FALSE(outside->connected());
  }

  options.password = "right-word";
  CHECK(try_redis(options).value().starts_with("Redis 7."));
  Node inside(options);
  CHECK(inside.outcome(inside->put("key", "value", 60s)) == "ok");

  options.user = "reader";
  options.password = "reader-word";
  CHECK(try_redis(options).has_value());
  Node reader(options);
  CHECK(reader.outcome(reader->get("key")) == "live_failed");
}

TEST_CASE("a database that is not there is refused") {
  if (without_redis()) return;
  OwnRedis server;
  auto options = impatient(server.port());
  options.database = 400;
  const auto refused = try_redis(options);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().message.find("refuses database 400") != std::string::npos);
}

TEST_CASE("a replica takes no writes: that is said, and nothing is lost by it") {
  if (without_redis()) return;
  OwnRedis master;
  OwnRedis replica("'replicaof 127.0.0.1 " + std::to_string(master.port()) + "'");
  Node node(impatient(replica.port()));
  eventually([&] { return node.ask(node->put("key", "value", 60s)).error().detail.find("READONLY") == 0; });
  CHECK(node.outcome(node->put("key", "value", 60s)) == "live_unavailable");
}

/// Makes an authority, and a certificate for `name` that it signed, in `folder`.
void make_certificates(const std::string& folder, const std::string& name) {
  const std::string script =
      "set -e; cd '" + folder +
      "'; openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority -keyout ca.key -out ca.crt; "
      "openssl req -newkey rsa:2048 -nodes -subj /CN=server -keyout server.key -out server.csr; "
      "printf 'subjectAltName=" +
      name +
      "' > names; openssl x509 -req -days 2 -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial "
      "-extfile names -out server.crt";
  REQUIRE(std::system(("(" + script + ") >/dev/null 2>&1").c_str()) == 0);
}

/// A server that speaks TLS only, with a certificate for `name`.
struct TlsServer {
  explicit TlsServer(const std::string& name) {
    make_certificates(folder.path().string(), name);
    const auto in = [this](const std::string& file) { return (folder / file).string(); };
    server.emplace("--tls 'tls-cert-file " + in("server.crt") + "' 'tls-key-file " + in("server.key") + "'");
    options = impatient(server->port());
    options.tls = true;
    options.ca_file = in("ca.crt");
  }

  TemporaryFolder folder;
  std::optional<OwnRedis> server;
  RedisOptions options;
};

TEST_CASE("over TLS the same works, when the certificate is one that we trust") {
  if (without_redis()) return;
  TlsServer home("IP:127.0.0.1");
  CHECK(try_redis(home.options).value().find("(TLS)") != std::string::npos);
  Counting ears;
  Node node(home.options);
  ears.listen(node, "news");
  const std::string large(500'000, 'x');
  CHECK(node.outcome(node->put("key", large, 60s)) == "ok");
  CHECK(node.ask(node->get("key")).value() == large);
  eventually([&] { return node.publish("news") == 1; });
  eventually([&] { return ears.heard == 1; });

  auto distrusting = home.options;
  distrusting.ca_file.clear();
  CHECK(try_redis(distrusting).error().message.find("no secure connection: certificate verify failed") !=
        std::string::npos);
  distrusting.ca_file = home.folder / "not-there.crt";
  CHECK(try_redis(distrusting).error().message.find("trusted certificates cannot be read") != std::string::npos);
  auto plain = home.options;
  plain.tls = false;
  CHECK_FALSE(try_redis(plain).has_value());
}

TEST_CASE("a certificate for another name is not accepted") {
  if (without_redis()) return;
  TlsServer home("DNS:redis.example.com");
  CHECK(try_redis(home.options).error().message.find("certificate verify failed") != std::string::npos);
  Node node(home.options);
  CHECK(node.outcome(node->get("key")) == "live_unavailable");
}

}  // namespace
}  // namespace trunkline::store
