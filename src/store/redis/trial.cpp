#include "store/redis/handshake.hpp"

#include <trunkline/store/redis.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include <future>
#include <utility>

namespace trunkline::store {
namespace {

/// The value of `name` in the answer to INFO.
std::string figure(const std::string& info, const std::string& name) {
  const auto line = info.find("\n" + name + ":");
  if (line == std::string::npos) return "of a version that it does not tell";
  const auto begin = line + name.size() + 2;
  return info.substr(begin, info.find_first_of("\r\n", begin) - begin);
}

asio::awaitable<Result<std::string>> look(asio::io_context& loop, const RedisOptions& options) {
  RedisAddress address;
  const auto transport = co_await redis::connect_to_master(loop, options, address);
  if (!transport) co_return transport.error();
  std::vector<redis::Command> question{{"INFO", "server"}};
  const MonoTime deadline = std::chrono::steady_clock::now() + options.connect_timeout;
  const auto replies = co_await redis::exchange(*transport, std::move(question), deadline);
  (*transport)->close();
  if (!replies) co_return replies.error();
  co_return "Redis " + figure(replies->front().text, "redis_version") + (options.tls ? " (TLS)" : "") + " at " +
      address.host + " port " + std::to_string(address.port);
}

}  // namespace

Result<std::string> try_redis(const RedisOptions& options) {
  asio::io_context loop(1);
  auto found = asio::co_spawn(loop, look(loop, options), asio::use_future);
  loop.run();
  return found.get();
}

}  // namespace trunkline::store
