#include <trunkline/app/live_state.hpp>

#include <catch2/catch.hpp>

namespace trunkline::app {
namespace {

config::Redis by_parts() {
  config::Redis settings;
  settings.host = "db.internal";
  settings.port = 7000;
  settings.password = "by-parts";
  settings.db = 4;
  settings.prefix = "calls:";
  settings.timeout = milliseconds(250);
  return settings;
}

TEST_CASE("Redis is used when something says where it is") {
  CHECK_FALSE(config::Redis{}.used());
  CHECK(by_parts().used());
  config::Redis settings;
  settings.sentinels = {"s1"};
  CHECK(settings.used());
}

TEST_CASE("the parts name a server") {
  const auto options = redis_options(by_parts()).value();
  CHECK(options.server == store::RedisAddress{"db.internal", 7000});
  CHECK(options.password == "by-parts");
  CHECK(options.database == 4);
  CHECK(options.prefix == "calls:");
  CHECK(options.timeout == milliseconds(250));
  CHECK_FALSE(options.tls);
}

TEST_CASE("what is in the URL goes before the parts, and the rest stays") {
  config::Redis settings = by_parts();
  settings.url = "rediss://user:in-url@other.internal/1";
  const auto options = redis_options(settings).value();
  CHECK(options.server == store::RedisAddress{"other.internal", 6379});
  CHECK(options.tls);
  CHECK(options.user == "user");
  CHECK(options.password == "in-url");
  CHECK(options.database == 1);
  CHECK(options.prefix == "calls:");
}

TEST_CASE("Sentinels are read, and what is wrong begins with the variable") {
  config::Redis settings = by_parts();
  settings.sentinels = {"s1", "10.0.0.2:5000"};
  settings.sentinel_master = "calls";
  settings.sentinel_user = "asker";
  settings.sentinel_password = "of-sentinels";
  const auto options = redis_options(settings).value();
  CHECK(options.sentinels == std::vector<store::RedisAddress>{{"s1", 26379}, {"10.0.0.2", 5000}});
  CHECK(options.sentinel_master == "calls");
  CHECK(options.sentinel_user == "asker");
  CHECK(options.sentinel_password == "of-sentinels");
  CHECK(options.password == "by-parts");

  settings.sentinels = {"s1:port"};
  CHECK(redis_options(settings).error().message == "REDIS_SENTINELS has no valid port");
  settings.url = "redis://:secret-word@host:port";
  CHECK(redis_options(settings).error().message == "REDIS_URL has no valid port");
}

}  // namespace
}  // namespace trunkline::app
