#pragma once

#include <trunkline/base/clock.hpp>
#include <trunkline/base/result.hpp>
#include <trunkline/store/live.hpp>

#include <boost/asio/io_context.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace trunkline::store {

struct RedisAddress {
  std::string host = "127.0.0.1";  ///< name or address, IPv6 without brackets
  std::uint16_t port = 6379;

  friend bool operator==(const RedisAddress&, const RedisAddress&) = default;
};

struct RedisOptions {
  RedisAddress server;       ///< unused with Sentinel
  bool tls = false;          ///< to the server and to the Sentinels; certificate and name are checked
  std::string user;          ///< empty: the default user
  std::string password;      ///< empty: none
  std::size_t database = 0;  ///< by SELECT
  /// Who is asked where the master is, each `idle_limit` and after each loss; empty: `server` is it.
  std::vector<RedisAddress> sentinels;
  std::string sentinel_master;            ///< what they call it
  std::string sentinel_user;              ///< for the Sentinels alone, as `user`
  std::string sentinel_password;          ///< empty: none
  std::filesystem::path ca_file;          ///< PEM; empty: what the system trusts
  std::string prefix = "trunkline:";      ///< before every key and channel
  std::string client_name = "trunkline";  ///< as CLIENT LIST shows it
  milliseconds timeout{1'000};            ///< a command; a connection that does not answer by then is dropped
  milliseconds connect_timeout{2'000};    ///< from the name to the first command, for each server that is tried
  milliseconds idle_limit{2'000};         ///< a connection that is idle for longer has to answer a PING
  milliseconds longest_pause{1'000};      ///< between two tries to connect
  std::size_t queue_limit = 10'000;       ///< commands that are not answered yet
  std::size_t max_reply_bytes = std::size_t{16} << 20;
  /// Told how long each command took that was answered; on the store's loop.
  std::function<void(std::chrono::duration<double>)> on_answer = [](auto) {};
};

/// `redis://[[user]:password@]host[:port][/db]`, or `rediss://` for TLS; user and password percent-encoded. The error's
/// message continues the sentence that begins with the variable, and repeats nothing of the URL.
Result<RedisOptions> parse_redis_url(std::string_view url);

/// `host:port`, `host` alone with the port of Redis Sentinel; IPv6 in brackets when there is a port. Error as above.
Result<RedisAddress> parse_sentinel(std::string_view text);

/// What is live in a Redis (7 or later) that all nodes share. One connection for commands and one for what is
/// published, both on `loop`, which one thread runs and which is there as long as the store is; messages are delivered
/// there. That thread ends before the loop of any caller is destroyed. Returns at once and connects in the background,
/// as often as needed, after random pauses that grow.
///
/// The first commands wait for the first connection. When there is none, commands fail at once. What was under way when
/// a connection broke may have happened, except reads: they are asked once more, if there is time.
std::unique_ptr<LiveStore> open_redis(RedisOptions options, asio::io_context& loop, const Clock& clock);

/// Connects once and says to what: `Redis 7.0.15 at 127.0.0.1 port 6379`. Blocks. The error says why, without a secret.
Result<std::string> try_redis(const RedisOptions& options);

}  // namespace trunkline::store
