#include <trunkline/app/live_state.hpp>
#include <trunkline/store/memory_live.hpp>

#include <utility>

namespace trunkline::app {
namespace {

Error wrong(std::string variable, const Error& why) {
  return make_error(why.code, std::move(variable) + " " + why.message);
}

}  // namespace

Result<store::RedisOptions> redis_options(const config::Redis& settings) {
  store::RedisOptions options;
  if (!settings.url.empty()) {
    auto parsed = store::parse_redis_url(settings.url);
    if (!parsed) return wrong("REDIS_URL", parsed.error());
    options = std::move(*parsed);
  } else {
    if (!settings.host.empty()) options.server.host = settings.host;
    options.server.port = settings.port;
    options.password = settings.password;
    options.database = settings.db;
  }
  for (const std::string& sentinel : settings.sentinels) {
    auto address = store::parse_sentinel(sentinel);
    if (!address) return wrong("REDIS_SENTINELS", address.error());
    options.sentinels.push_back(std::move(*address));
  }
  options.sentinel_master = settings.sentinel_master;
  options.sentinel_user = settings.sentinel_user;
  options.sentinel_password = settings.sentinel_password;
  options.ca_file = settings.ca_file;
  options.prefix = settings.prefix;
  options.timeout = settings.timeout;
  return options;
}

std::unique_ptr<store::LiveStore> open_live(const std::optional<store::RedisOptions>& redis,
                                            boost::asio::io_context& loop, observe::Metrics& metrics,
                                            const Clock& clock) {
  if (!redis) return store::make_memory_live(loop, clock);
  store::RedisOptions options = *redis;
  options.on_answer = [took = metrics.live_command_duration()](std::chrono::duration<double> time) {
    took.observe(time);
  };
  return store::open_redis(std::move(options), loop, clock);
}

}  // namespace trunkline::app
