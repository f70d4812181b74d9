#pragma once

#include <trunkline/store/live.hpp>

#include <memory>
#include <string>
#include <utility>

namespace trunkline::store::test {

/// A live store whose buckets and channels are away as long as a test says, and that counts how often it is asked for a
/// token.
class FlakyLive final : public LiveStore {
 public:
  explicit FlakyLive(LiveStore& inner) : inner_(inner) {}

  bool away = false;
  int taken = 0;

  asio::awaitable<Result<BucketAnswer>> take(std::string bucket, BucketShape shape) override {
    ++taken;
    last_bucket = bucket;
    if (away) co_return make_error("live_unavailable", "the live store does not answer");
    co_return co_await inner_.take(std::move(bucket), shape);
  }
  std::string last_bucket;

  asio::awaitable<Result<>> put(std::string key, std::string value, milliseconds ttl) override {
    return inner_.put(std::move(key), std::move(value), ttl);
  }
  asio::awaitable<Result<bool>> put_new(std::string key, std::string value, milliseconds ttl) override {
    return inner_.put_new(std::move(key), std::move(value), ttl);
  }
  asio::awaitable<Result<std::optional<std::string>>> get(std::string key) override {
    return inner_.get(std::move(key));
  }
  asio::awaitable<Result<>> remove(std::string key) override { return inner_.remove(std::move(key)); }
  asio::awaitable<Result<bool>> keep(std::string key, milliseconds ttl) override {
    return inner_.keep(std::move(key), ttl);
  }
  asio::awaitable<Result<>> put_hash(std::string key, Hash fields, milliseconds ttl) override {
    return inner_.put_hash(std::move(key), std::move(fields), ttl);
  }
  asio::awaitable<Result<bool>> put_newer(std::string key, Hash fields, std::int64_t version,
                                          milliseconds ttl) override {
    return inner_.put_newer(std::move(key), std::move(fields), version, ttl);
  }
  asio::awaitable<Result<Hash>> get_hash(std::string key) override { return inner_.get_hash(std::move(key)); }
  asio::awaitable<Result<>> add_scored(std::string key, std::string member, double score, std::size_t limit,
                                       milliseconds ttl) override {
    return inner_.add_scored(std::move(key), std::move(member), score, limit, ttl);
  }
  asio::awaitable<Result<>> remove_scored(std::string key, std::string member) override {
    return inner_.remove_scored(std::move(key), std::move(member));
  }
  asio::awaitable<Result<std::vector<Scored>>> scored(std::string key) override {
    return inner_.scored(std::move(key));
  }
  asio::awaitable<Result<>> append_to(std::string key, std::string item, std::size_t limit, milliseconds ttl) override {
    return inner_.append_to(std::move(key), std::move(item), limit, ttl);
  }
  asio::awaitable<Result<std::vector<std::string>>> items_of(std::string key) override {
    return inner_.items_of(std::move(key));
  }
  asio::awaitable<Result<bool>> claim(std::string key, std::string holder, std::int64_t fence,
                                      milliseconds ttl) override {
    return inner_.claim(std::move(key), std::move(holder), fence, ttl);
  }
  asio::awaitable<Result<>> release(std::string key, std::string holder, std::int64_t fence) override {
    return inner_.release(std::move(key), std::move(holder), fence);
  }
  asio::awaitable<Result<std::int64_t>> publish(std::string channel, std::string message) override {
    if (away) co_return make_error("live_unavailable", "the live store does not answer");
    co_return co_await inner_.publish(std::move(channel), std::move(message));
  }
  std::unique_ptr<Subscription> subscribe(std::string channel, OnMessage on_message,
                                          std::function<void()> on_gap) override {
    return inner_.subscribe(std::move(channel), std::move(on_message), std::move(on_gap));
  }
  bool connected() const override { return !away && inner_.connected(); }
  std::uint64_t losses() const override { return inner_.losses(); }
  std::string_view driver() const override { return inner_.driver(); }
  void stop() override { inner_.stop(); }

 private:
  LiveStore& inner_;
};

}  // namespace trunkline::store::test
