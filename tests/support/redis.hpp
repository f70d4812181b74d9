#pragma once

#include <trunkline/base/text.hpp>
#include <trunkline/store/redis.hpp>

#include <catch2/catch.hpp>

#include <hiredis/hiredis.h>
#include <signal.h>
#include <sys/types.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

namespace trunkline::store::test {

/// The Redis that tests/run.py started, empty when there is none.
inline std::string redis_url() {
  const char* url = std::getenv("TRUNKLINE_TEST_REDIS");
  return url == nullptr ? "" : url;
}

/// Says so when there is no Redis: then the test case returns at once.
inline bool without_redis() {
  if (!redis_url().empty()) return false;
  WARN("skipped: no Redis here; tests/run.py starts one where redis-tools is installed");
  SUCCEED();
  return true;
}

/// A prefix that no other test has.
inline std::string own_prefix() {
  static std::atomic<int> count = 0;
  return "t" + std::to_string(::getpid()) + "." + std::to_string(++count) + ":";
}

/// Looks at a server, and does to it what an operator might, beside the driver that is under test.
class RedisCli {
 public:
  explicit RedisCli(std::uint16_t port) : context_(redisConnect("127.0.0.1", port)) {
    REQUIRE(context_ != nullptr);
    INFO(context_->errstr);
    REQUIRE(context_->err == 0);
  }

  /// The answer as text; of an array, its elements with a blank between.
  std::string operator()(const std::vector<std::string>& words) {
    std::vector<const char*> texts;
    std::vector<std::size_t> sizes;
    for (const auto& word : words) {
      texts.push_back(word.data());
      sizes.push_back(word.size());
    }
    void* reply = redisCommandArgv(context_.get(), static_cast<int>(texts.size()), texts.data(), sizes.data());
    REQUIRE(reply != nullptr);
    const std::unique_ptr<redisReply, void (*)(void*)> owned(static_cast<redisReply*>(reply), freeReplyObject);
    return text_of(*owned);
  }

 private:
  struct Close {
    void operator()(redisContext* context) const { redisFree(context); }
  };

  static std::string text_of(const redisReply& reply) {
    if (reply.type == REDIS_REPLY_INTEGER) return std::to_string(reply.integer);
    if (reply.type != REDIS_REPLY_ARRAY) return reply.str == nullptr ? "" : std::string(reply.str, reply.len);
    std::string all;
    for (std::size_t i = 0; i < reply.elements; ++i) all += (i == 0 ? "" : " ") + text_of(*reply.element[i]);
    return all;
  }

  std::unique_ptr<redisContext, Close> context_;
};

/// A server of the test's own: one that may be killed, frozen and set up as the test needs it.
class OwnRedis {
 public:
  /// `settings` are lines of redis.conf, each in quotes, and options of redis.py.
  explicit OwnRedis(std::string settings = {}) : settings_(std::move(settings)) {
    static std::atomic<int> count = 0;
    folder_ = std::string(std::getenv("TRUNKLINE_TEST_REDIS_DIR")) + "/" + own_prefix() + std::to_string(++count);
    start();
  }
  ~OwnRedis() { call("stop"); }
  OwnRedis(const OwnRedis&) = delete;
  OwnRedis& operator=(const OwnRedis&) = delete;

  void start() {
    const std::string told = call("start", settings_);
    const auto blank = told.find(' ');
    port_ = static_cast<std::uint16_t>(text::to_uint(told.substr(0, blank)).value());
    pid_ = static_cast<pid_t>(text::to_int(text::trim(told.substr(blank + 1))).value());
  }
  void stop() { call("stop"); }
  void freeze() const { ::kill(pid_, SIGSTOP); }
  void thaw() const { ::kill(pid_, SIGCONT); }

  std::uint16_t port() const { return port_; }
  const std::string& folder() const { return folder_; }
  RedisCli cli() const { return RedisCli(port_); }

 private:
  std::string call(const std::string& verb, const std::string& settings = {}) const {
    const std::string command =
        "python3 " TRUNKLINE_SOURCE_DIR "/tests/support/redis.py " + verb + " '" + folder_ + "' " + settings;
    std::FILE* pipe = ::popen(command.c_str(), "r");
    REQUIRE(pipe != nullptr);
    std::string told;
    std::array<char, 256> line;
    while (std::fgets(line.data(), line.size(), pipe) != nullptr) told += line.data();
    REQUIRE(::pclose(pipe) == 0);
    return told;
  }

  std::string settings_;
  std::string folder_;
  std::uint16_t port_ = 0;
  pid_t pid_ = -1;
};

/// The shared server, in a place of its own.
inline RedisOptions on_shared_redis() {
  auto options = parse_redis_url(redis_url());
  REQUIRE(options.has_value());
  options->prefix = own_prefix();
  options->timeout = milliseconds(5'000);
  return std::move(*options);
}

}  // namespace trunkline::store::test
