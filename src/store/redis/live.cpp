#include "store/live_rules.hpp"
#include "store/redis/core.hpp"
#include "store/redis/handshake.hpp"
#include "store/redis/scripts.hpp"

#include <trunkline/base/offload.hpp>
#include <trunkline/store/redis.hpp>

#include <array>
#include <atomic>
#include <charconv>
#include <utility>

namespace trunkline::store {
namespace {

using redis::Command;
using redis::Core;
using redis::Replies;
using redis::Reply;
using redis::Script;

std::string in_ms(milliseconds time) {
  return std::to_string(time.count());
}

std::string written(double score) {
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), score).ptr;
  return {digits.data(), end};
}

Result<double> read_score(const std::string& text) {
  double score = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), score).ec == std::errc()) return score;
  return live::refused("a score is no number");
}

Result<Reply> only(Result<Replies> replies) {
  if (!replies) return replies.error();
  if (replies->back().is_error()) return redis::to_error(replies->back());
  return std::move(replies->back());
}

Result<> nothing_more(Result<Replies> replies) {
  const auto reply = only(std::move(replies));
  if (!reply) return reply.error();
  return {};
}

/// Each of the commands between MULTI and EXEC has an answer of its own.
Result<> settled(Result<Replies> replies) {
  const auto executed = only(std::move(replies));
  if (!executed) return executed.error();
  for (const Reply& one : executed->elements) {
    if (one.is_error()) return redis::to_error(one);
  }
  return {};
}

class Member final : public LiveStore::Subscription {
 public:
  Member(std::shared_ptr<Core> core, std::shared_ptr<redis::Listener> listener)
      : core_(std::move(core)), listener_(std::move(listener)) {}
  ~Member() override {
    listener_->ended = true;
    core_->leave(std::move(listener_));
  }

 private:
  std::shared_ptr<Core> core_;
  std::shared_ptr<redis::Listener> listener_;
};

class RedisLive final : public LiveStore {
 public:
  explicit RedisLive(std::shared_ptr<Core> core) : core_(std::move(core)) { core_->start(); }
  ~RedisLive() override { RedisLive::stop(); }

  asio::awaitable<Result<>> put(std::string key, std::string value, milliseconds ttl) override {
    if (auto fits = live::check_ttl(ttl); !fits) co_return fits.error();
    Command command{"SET", ours(key), std::move(value), "PX", in_ms(ttl)};
    co_return nothing_more(co_await ask_one(std::move(command)));
  }

  asio::awaitable<Result<bool>> put_new(std::string key, std::string value, milliseconds ttl) override {
    if (auto fits = live::check_ttl(ttl); !fits) co_return fits.error();
    Command command{"SET", ours(key), std::move(value), "PX", in_ms(ttl), "NX"};
    const auto reply = only(co_await ask_one(std::move(command)));
    if (!reply) co_return reply.error();
    co_return reply->kind != Reply::Kind::nil;
  }

  asio::awaitable<Result<std::optional<std::string>>> get(std::string key) override {
    Command command{"GET", ours(key)};
    auto reply = only(co_await ask_one(std::move(command), Again::yes));
    if (!reply) co_return reply.error();
    std::optional<std::string> value;
    if (reply->kind != Reply::Kind::nil) value = std::move(reply->text);
    co_return value;
  }

  asio::awaitable<Result<>> remove(std::string key) override {
    Command command{"UNLINK", ours(key)};
    co_return nothing_more(co_await ask_one(std::move(command)));
  }

  asio::awaitable<Result<bool>> keep(std::string key, milliseconds ttl) override {
    if (auto fits = live::check_ttl(ttl); !fits) co_return fits.error();
    Command command{"PEXPIRE", ours(key), in_ms(ttl)};
    const auto reply = only(co_await ask_one(std::move(command)));
    if (!reply) co_return reply.error();
    co_return reply->integer == 1;
  }

  asio::awaitable<Result<>> put_hash(std::string key, Hash fields, milliseconds ttl) override {
    if (auto fits = live::check_ttl(ttl); !fits) co_return fits.error();
    std::vector<Command> commands{{"UNLINK", ours(key)}};
    if (!fields.empty()) {
      Command fill{"HSET", ours(key)};
      for (auto& [name, value] : fields) {
        fill.push_back(name);
        fill.push_back(std::move(value));
      }
      commands.push_back(std::move(fill));
      commands.push_back({"PEXPIRE", ours(key), in_ms(ttl)});
    }
    co_return settled(co_await ask_together(std::move(commands)));
  }

  asio::awaitable<Result<bool>> put_newer(std::string key, Hash fields, std::int64_t version,
                                          milliseconds ttl) override {
    if (auto fits = live::check_ttl(ttl); !fits) co_return fits.error();
    fields.insert_or_assign("version", std::to_string(version));
    Command words{ours(key), std::to_string(version), in_ms(ttl)};
    for (auto& [name, value] : fields) {
      words.push_back(name);
      words.push_back(std::move(value));
    }
    const auto reply = only(co_await run(redis::put_newer_script(), std::move(words)));
    if (!reply) co_return reply.error();
    co_return reply->integer == 1;
  }

  asio::awaitable<Result<Hash>> get_hash(std::string key) override {
    Command command{"HGETALL", ours(key)};
    auto reply = only(co_await ask_one(std::move(command), Again::yes));
    if (!reply) co_return reply.error();
    Hash fields;
    for (std::size_t i = 0; i + 1 < reply->elements.size(); i += 2) {
      fields.emplace(std::move(reply->elements[i].text), std::move(reply->elements[i + 1].text));
    }
    co_return fields;
  }

  asio::awaitable<Result<>> add_scored(std::string key, std::string member, double score, std::size_t limit,
                                       milliseconds ttl) override {
    if (auto fits = live::check_scored(score, limit, ttl); !fits) co_return fits.error();
    std::vector<Command> commands{{"ZADD", ours(key), written(score), std::move(member)},
                                  {"ZREMRANGEBYRANK", ours(key), "0", "-" + std::to_string(limit + 1)},
                                  {"PEXPIRE", ours(key), in_ms(ttl)}};
    co_return settled(co_await ask_together(std::move(commands)));
  }

  asio::awaitable<Result<>> remove_scored(std::string key, std::string member) override {
    Command command{"ZREM", ours(key), std::move(member)};
    co_return nothing_more(co_await ask_one(std::move(command)));
  }

  asio::awaitable<Result<std::vector<Scored>>> scored(std::string key) override {
    Command command{"ZRANGE", ours(key), "0", "-1", "WITHSCORES"};
    auto reply = only(co_await ask_one(std::move(command), Again::yes));
    if (!reply) co_return reply.error();
    std::vector<Scored> members;
    members.reserve(reply->elements.size() / 2);
    for (std::size_t i = 0; i + 1 < reply->elements.size(); i += 2) {
      const auto score = read_score(reply->elements[i + 1].text);
      if (!score) co_return score.error();
      members.emplace_back(std::move(reply->elements[i].text), *score);
    }
    co_return members;
  }

  asio::awaitable<Result<>> append_to(std::string key, std::string item, std::size_t limit, milliseconds ttl) override {
    if (auto fits = live::check_limited(limit, ttl); !fits) co_return fits.error();
    std::vector<Command> commands{{"RPUSH", ours(key), std::move(item)},
                                  {"LTRIM", ours(key), "-" + std::to_string(limit), "-1"},
                                  {"PEXPIRE", ours(key), in_ms(ttl)}};
    co_return settled(co_await ask_together(std::move(commands)));
  }

  asio::awaitable<Result<std::vector<std::string>>> items_of(std::string key) override {
    Command command{"LRANGE", ours(key), "0", "-1"};
    auto reply = only(co_await ask_one(std::move(command), Again::yes));
    if (!reply) co_return reply.error();
    std::vector<std::string> items;
    items.reserve(reply->elements.size());
    for (Reply& item : reply->elements) items.push_back(std::move(item.text));
    co_return items;
  }

  asio::awaitable<Result<bool>> claim(std::string key, std::string holder, std::int64_t fence,
                                      milliseconds ttl) override {
    if (auto fits = live::check_ttl(ttl); !fits) co_return fits.error();
    Command words{ours(key), std::move(holder), redis::fence_text(fence), in_ms(ttl)};
    const auto reply = only(co_await run(redis::claim_script(), std::move(words)));
    if (!reply) co_return reply.error();
    co_return reply->integer == 1;
  }

  asio::awaitable<Result<>> release(std::string key, std::string holder, std::int64_t fence) override {
    Command words{ours(key), std::move(holder), redis::fence_text(fence)};
    co_return nothing_more(co_await run(redis::release_script(), std::move(words)));
  }

  asio::awaitable<Result<BucketAnswer>> take(std::string bucket, BucketShape shape) override {
    if (auto fits = live::check_shape(shape); !fits) co_return fits.error();
    Command words{ours(bucket), std::to_string(shape.capacity), std::to_string(shape.per_minute)};
    const auto reply = only(co_await run(redis::take_script(), std::move(words)));
    if (!reply) co_return reply.error();
    if (reply->elements.size() != 4) co_return live::refused("a bucket answers with four numbers");
    const auto number = [&reply](std::size_t i) { return reply->elements[i].integer; };
    co_return BucketAnswer{number(0) == 1, number(1), milliseconds(number(2)), milliseconds(number(3))};
  }

  asio::awaitable<Result<std::int64_t>> publish(std::string channel, std::string message) override {
    Command command{"PUBLISH", ours(channel), std::move(message)};
    const auto reply = only(co_await ask_one(std::move(command)));
    if (!reply) co_return reply.error();
    co_return reply->integer;
  }

  std::unique_ptr<Subscription> subscribe(std::string channel, OnMessage on_message,
                                          std::function<void()> on_gap) override {
    auto listener = std::make_shared<redis::Listener>();
    listener->channel = ours(channel);
    listener->on_message = std::move(on_message);
    listener->on_gap = std::move(on_gap);
    core_->listen(listener);
    return std::make_unique<Member>(core_, std::move(listener));
  }

  bool connected() const override { return core_->connected(); }
  std::uint64_t losses() const override { return core_->losses(); }
  std::string_view driver() const override { return "redis"; }
  void stop() override { core_->stop(); }

 private:
  enum class Again : bool { no, yes };

  std::string ours(const std::string& name) const { return core_->options().prefix + name; }

  asio::awaitable<Result<Replies>> ask(std::vector<Command> commands, Again again, MonoTime deadline) {
    if (open_.fetch_add(1) >= core_->options().queue_limit) {
      --open_;
      co_return make_error("live_unavailable", "too much waits for the live state; try again later");
    }
    auto request = redis::make_request(commands, deadline);
    request.repeatable = again == Again::yes;
    auto replies = co_await await_value<Result<Replies>>([this, &request](auto deliver) {
      request.done = deliver;
      core_->submit(std::move(request));
    });
    --open_;
    co_return replies;
  }

  asio::awaitable<Result<Replies>> ask_one(Command command, Again again = Again::no) {
    std::vector<Command> commands;
    commands.push_back(std::move(command));
    co_return co_await ask(std::move(commands), again, core_->deadline());
  }

  /// All of them or none, and nobody in between.
  asio::awaitable<Result<Replies>> ask_together(std::vector<Command> commands) {
    commands.insert(commands.begin(), Command{"MULTI"});
    commands.push_back({"EXEC"});
    co_return co_await ask(std::move(commands), Again::no, core_->deadline());
  }

  /// `words` are the one key and the arguments.
  asio::awaitable<Result<Replies>> run(const Script& script, Command words) {
    const MonoTime deadline = core_->deadline();
    words.insert(words.begin(), {"EVALSHA", script.digest(), "1"});
    std::vector<Command> commands{words};
    auto replies = co_await ask(std::move(commands), Again::no, deadline);
    if (!replies || replies->front().error_code() != "NOSCRIPT") co_return replies;
    words[0] = "EVAL";
    words[1] = script.text();
    std::vector<Command> whole{std::move(words)};
    co_return co_await ask(std::move(whole), Again::no, deadline);
  }

  std::shared_ptr<Core> core_;
  std::atomic<std::size_t> open_ = 0;
};

}  // namespace

std::unique_ptr<LiveStore> open_redis(RedisOptions options, asio::io_context& loop, const Clock& clock) {
  return std::make_unique<RedisLive>(std::make_shared<Core>(std::move(options), loop, clock));
}

}  // namespace trunkline::store
