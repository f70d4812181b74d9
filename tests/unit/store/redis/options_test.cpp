#include <trunkline/store/redis.hpp>

#include <catch2/catch.hpp>

#include <string>

namespace trunkline::store {
namespace {

std::string problem(std::string_view url) {
  const auto options = parse_redis_url(url);
  return options ? "" : options.error().message;
}

TEST_CASE("a URL of Redis names server, user, password, database and TLS") {
  const auto bare = parse_redis_url("redis://db.internal").value();
  CHECK(bare.server == RedisAddress{"db.internal", 6379});
  CHECK_FALSE(bare.tls);
  CHECK(bare.password.empty());
  CHECK(bare.database == 0);

  const auto whole = parse_redis_url("rediss://us%3Aer:p%40ss%2Fword%25@[::1]:7000/12").value();
  CHECK(whole.server == RedisAddress{"::1", 7000});
  CHECK(whole.tls);
  CHECK(whole.user == "us:er");
  CHECK(whole.password == "p@ss/word%");
  CHECK(whole.database == 12);

  const auto common = parse_redis_url("redis://:secret@10.0.0.1:6380/").value();
  CHECK(common.server == RedisAddress{"10.0.0.1", 6380});
  CHECK(common.user.empty());
  CHECK(common.password == "secret");
}

TEST_CASE("what is wrong with a URL of Redis is said without repeating it") {
  CHECK(problem("http://h") == "does not begin with redis:// or rediss://");
  CHECK(problem("redis://") == "has no valid host");
  CHECK(problem("redis://:6379") == "has no valid host");
  CHECK(problem("redis://[::1") == "has no valid host");
  CHECK(problem("redis://h:0") == "has no valid port");
  CHECK(problem("redis://h:65536") == "has no valid port");
  CHECK(problem("redis://[::1]x") == "has no valid port");
  CHECK(problem("redis://h/one") == "has no number of a database after the slash");
  CHECK(problem("redis://h/1/2") == "has no number of a database after the slash");
  CHECK(problem("redis://secret@h") == "names a user and no password: write user:password@ or :password@");
  CHECK(problem("redis://u:@h") == "has an empty password");
  CHECK(problem("redis://:a?b@h").find("%3F") != std::string::npos);
  CHECK(problem("redis://h/ 1") == "holds a blank or a control character");
}

TEST_CASE("a Sentinel is a host with a port, or with the usual one") {
  CHECK(parse_sentinel("s1").value() == RedisAddress{"s1", 26379});
  CHECK(parse_sentinel("10.0.0.7:5000").value() == RedisAddress{"10.0.0.7", 5000});
  CHECK(parse_sentinel("[fd00::7]").value() == RedisAddress{"fd00::7", 26379});
  CHECK_FALSE(parse_sentinel("a b:1").has_value());
  CHECK_FALSE(parse_sentinel("").has_value());
}

}  // namespace
}  // namespace trunkline::store
