#include "store/live_rules.hpp"
#include "store/memory/channels.hpp"
#include "store/memory/keyspace.hpp"

#include <trunkline/base/text.hpp>
#include <trunkline/store/memory_live.hpp>

#include <mutex>
#include <utility>

namespace trunkline::store {
namespace {

using memory::Channels;
using memory::Claim;
using memory::Held;
using memory::Items;
using memory::Keyspace;
using memory::ScoredSet;

Error other_kind() {
  return live::refused("the key holds a value of another kind");
}

class MemoryLive final : public LiveStore {
 public:
  MemoryLive(asio::io_context& loop, const Clock& clock, std::size_t max_keys)
      : clock_(clock), keys_(max_keys), channels_(std::make_shared<Channels>(loop)) {}
  ~MemoryLive() override { MemoryLive::stop(); }

  asio::awaitable<Result<>> put(std::string key, std::string value, milliseconds ttl) override {
    if (auto fits = live::check_ttl(ttl); !fits) co_return fits.error();
    co_return change<void>([&](MonoTime now) -> Result<> {
      keys_.put(key, std::move(value), now, ttl);
      return {};
    });
  }

  asio::awaitable<Result<bool>> put_new(std::string key, std::string value, milliseconds ttl) override {
    if (auto fits = live::check_ttl(ttl); !fits) co_return fits.error();
    co_return change<bool>([&](MonoTime now) -> Result<bool> {
      if (keys_.find(key, now) != nullptr) return false;
      keys_.put(key, std::move(value), now, ttl);
      return true;
    });
  }

  asio::awaitable<Result<std::optional<std::string>>> get(std::string key) override {
    co_return read<std::string, std::optional<std::string>>(key, [](const std::string& value) { return value; });
  }

  asio::awaitable<Result<>> remove(std::string key) override {
    co_return change<void>([&](MonoTime) -> Result<> {
      keys_.erase(key);
      return {};
    });
  }

  asio::awaitable<Result<bool>> keep(std::string key, milliseconds ttl) override {
    if (auto fits = live::check_ttl(ttl); !fits) co_return fits.error();
    co_return change<bool>([&](MonoTime now) -> Result<bool> { return keys_.keep(key, now, ttl) != nullptr; });
  }

  asio::awaitable<Result<>> put_hash(std::string key, Hash fields, milliseconds ttl) override {
    if (auto fits = live::check_ttl(ttl); !fits) co_return fits.error();
    co_return change<void>([&](MonoTime now) -> Result<> {
      keys_.erase(key);
      if (!fields.empty()) keys_.put(key, std::move(fields), now, ttl);
      return {};
    });
  }

  asio::awaitable<Result<bool>> put_newer(std::string key, Hash fields, std::int64_t version,
                                          milliseconds ttl) override {
    if (auto fits = live::check_ttl(ttl); !fits) co_return fits.error();
    fields.insert_or_assign("version", std::to_string(version));
    co_return change<bool>([&](MonoTime now) -> Result<bool> {
      if (const Held* held = keys_.find(key, now)) {
        const auto* known = std::get_if<Hash>(held);
        if (known == nullptr) return other_kind();
        const auto found = known->find("version");
        if (found != known->end() && text::to_uint(found->second) > static_cast<std::uint64_t>(version)) return false;
      }
      keys_.put(key, std::move(fields), now, ttl);
      return true;
    });
  }

  asio::awaitable<Result<Hash>> get_hash(std::string key) override {
    co_return read<Hash, Hash>(key, [](const Hash& fields) { return fields; });
  }

  asio::awaitable<Result<>> add_scored(std::string key, std::string member, double score, std::size_t limit,
                                       milliseconds ttl) override {
    if (auto fits = live::check_scored(score, limit, ttl); !fits) co_return fits.error();
    co_return extend<ScoredSet>(key, ttl, [&](ScoredSet& set) {
      set.put(member, score);
      while (set.order.size() > limit) set.erase(std::string(set.order.begin()->second));
    });
  }

  asio::awaitable<Result<>> remove_scored(std::string key, std::string member) override {
    co_return change<void>([&](MonoTime now) -> Result<> {
      Held* held = keys_.find(key, now);
      if (held == nullptr) return {};
      auto* set = std::get_if<ScoredSet>(held);
      if (set == nullptr) return other_kind();
      set->erase(member);
      if (set->order.empty()) keys_.erase(key);
      return {};
    });
  }

  asio::awaitable<Result<std::vector<Scored>>> scored(std::string key) override {
    co_return read<ScoredSet, std::vector<Scored>>(key, [](const ScoredSet& set) {
      std::vector<Scored> members;
      members.reserve(set.order.size());
      for (const auto& [score, member] : set.order) members.emplace_back(member, score);
      return members;
    });
  }

  asio::awaitable<Result<>> append_to(std::string key, std::string item, std::size_t limit, milliseconds ttl) override {
    if (auto fits = live::check_limited(limit, ttl); !fits) co_return fits.error();
    co_return extend<Items>(key, ttl, [&](Items& items) {
      items.push_back(std::move(item));
      while (items.size() > limit) items.pop_front();
    });
  }

  asio::awaitable<Result<std::vector<std::string>>> items_of(std::string key) override {
    co_return read<Items, std::vector<std::string>>(
        key, [](const Items& items) { return std::vector<std::string>(items.begin(), items.end()); });
  }

  asio::awaitable<Result<bool>> claim(std::string key, std::string holder, std::int64_t fence,
                                      milliseconds ttl) override {
    if (auto fits = live::check_ttl(ttl); !fits) co_return fits.error();
    co_return change<bool>([&](MonoTime now) -> Result<bool> {
      if (const Held* held = keys_.find(key, now)) {
        const auto* claim = std::get_if<Claim>(held);
        if (claim == nullptr) return other_kind();
        if (fence < claim->fence || (fence == claim->fence && holder != claim->holder)) return false;
      }
      keys_.put(key, Claim{std::move(holder), fence}, now, ttl);
      return true;
    });
  }

  asio::awaitable<Result<>> release(std::string key, std::string holder, std::int64_t fence) override {
    co_return change<void>([&](MonoTime now) -> Result<> {
      const Held* held = keys_.find(key, now);
      if (held == nullptr) return {};
      const auto* claim = std::get_if<Claim>(held);
      if (claim == nullptr) return other_kind();
      if (claim->holder == holder && claim->fence == fence) keys_.erase(key);
      return {};
    });
  }

  asio::awaitable<Result<BucketAnswer>> take(std::string bucket, BucketShape shape) override {
    if (auto fits = live::check_shape(shape); !fits) co_return fits.error();
    co_return change<BucketAnswer>([&](MonoTime now) -> Result<BucketAnswer> {
      std::optional<BucketLevel> known;
      if (const Held* held = keys_.find(bucket, now)) {
        const auto* level = std::get_if<BucketLevel>(held);
        if (level == nullptr) return other_kind();
        known = *level;
      }
      const auto now_ms = std::chrono::duration_cast<milliseconds>(now.time_since_epoch()).count();
      const BucketAnswer answer = take_token(known, shape, now_ms);
      keys_.put(bucket, *known, now, answer.full_after);
      return answer;
    });
  }

  asio::awaitable<Result<std::int64_t>> publish(std::string channel, std::string message) override {
    co_return change<std::int64_t>(
        [&](MonoTime) -> Result<std::int64_t> { return channels_->publish(channel, std::move(message)); });
  }

  std::unique_ptr<Subscription> subscribe(std::string channel, OnMessage on_message,
                                          std::function<void()> on_gap) override {
    return channels_->subscribe(std::move(channel), std::move(on_message), std::move(on_gap));
  }

  bool connected() const override { return true; }
  std::uint64_t losses() const override { return 0; }
  std::string_view driver() const override { return "memory"; }

  void stop() override {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    channels_->stop();
  }

 private:
  /// Runs `act` on the keys, alone.
  template <class T, class Act>
  Result<T> change(Act act) {
    const std::lock_guard lock(mutex_);
    if (stopped_) return live::stopped();
    return act(clock_.mono());
  }

  /// What `render` makes of a value of that kind; an empty T when there is none.
  template <class Kind, class T, class Render>
  Result<T> read(const std::string& key, Render render) {
    return change<T>([&](MonoTime now) -> Result<T> {
      const Held* held = keys_.find(key, now);
      if (held == nullptr) return T{};
      const auto* value = std::get_if<Kind>(held);
      if (value == nullptr) return other_kind();
      return T(render(*value));
    });
  }

  /// Lets `add` change the collection there, which is made when there is none.
  template <class Kind, class Add>
  Result<> extend(const std::string& key, milliseconds ttl, Add add) {
    return change<void>([&](MonoTime now) -> Result<> {
      Held* held = keys_.find(key, now);
      if (held == nullptr) held = &keys_.put(key, Kind{}, now, ttl);
      auto* collection = std::get_if<Kind>(held);
      if (collection == nullptr) return other_kind();
      add(*collection);
      keys_.keep(key, now, ttl);
      return {};
    });
  }

  const Clock& clock_;
  std::mutex mutex_;
  bool stopped_ = false;
  Keyspace keys_;
  std::shared_ptr<Channels> channels_;
};

}  // namespace

std::unique_ptr<LiveStore> make_memory_live(asio::io_context& loop, const Clock& clock, std::size_t max_keys) {
  return std::make_unique<MemoryLive>(loop, clock, max_keys);
}

}  // namespace trunkline::store
