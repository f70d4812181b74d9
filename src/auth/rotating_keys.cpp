#include "auth/key_cache.hpp"

#include <trunkline/auth/rotating_keys.hpp>
#include <trunkline/observe/log.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <mutex>
#include <utility>
#include <vector>

namespace trunkline::auth {

namespace asio = boost::asio;

/// Waits for the end of a fetch, on its own loop, which it must not outlive: its coroutine is its only owner.
struct RotatingKeys::Waiter {
  explicit Waiter(const asio::any_io_executor& loop) : timer(loop) {}

  asio::awaitable<void> wait(milliseconds patience) {
    if (told) co_return;
    timer.expires_after(patience);
    boost::system::error_code cancelled;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
  }

  static void tell(const std::shared_ptr<Waiter>& waiter) {
    asio::post(waiter->timer.get_executor(), [waiter] {
      waiter->told = true;
      waiter->timer.cancel();
    });
  }

  asio::steady_timer timer;
  bool told = false;
};

struct RotatingKeys::Shared {
  FetchKeys fetch;
  const Clock& clock;
  milliseconds patience;

  std::mutex mutex;
  KeyCache cache;
  std::vector<std::weak_ptr<Waiter>> waiting;

  Result<KeySet> find(const KeySet::Claimed& claimed) {
    const std::lock_guard lock(mutex);
    return cache.find(claimed);
  }

  struct Next {
    bool fetch = false;
    std::shared_ptr<Waiter> waiter;  ///< null: there is nothing to wait for, or no room
  };

  /// Decides and queues at once, so that no fetch ends in between.
  Next next(const KeySet::Claimed& claimed, const asio::any_io_executor& loop) {
    const std::lock_guard lock(mutex);
    const KeyCache::Next next = cache.next(claimed, clock.mono());
    if (!next.wait || waiting.size() >= max_waiting) return {next.fetch, nullptr};
    auto waiter = std::make_shared<Waiter>(loop);
    waiting.emplace_back(waiter);
    return {next.fetch, std::move(waiter)};
  }

  void leave(const std::shared_ptr<Waiter>& waiter) {
    const std::lock_guard lock(mutex);
    std::erase_if(waiting, [&](const auto& one) { return one.expired() || one.lock() == waiter; });
  }

  void fetched(Result<KeySet> keys) {
    std::vector<std::weak_ptr<Waiter>> told;
    {
      const std::lock_guard lock(mutex);
      cache.fetched(std::move(keys), clock.mono());
      told.swap(waiting);
    }
    for (const auto& one : told) {
      if (const auto waiter = one.lock()) Waiter::tell(waiter);
    }
  }
};

namespace {

Result<KeySet> read_keys(const Result<std::string>& text) {
  if (!text) return text.error();
  if (text->size() > RotatingKeys::max_bytes) return make_error("key_invalid", "the JWK set is longer than 64 KiB");
  return KeySet::from_foreign_jwks(*text);
}

}  // namespace

RotatingKeys::RotatingKeys(FetchKeys fetch, const Clock& clock, milliseconds patience)
    : shared_(std::make_shared<Shared>(std::move(fetch), clock, patience)) {}

// Apart from who asked: the fetch is everybody's, and goes on when that one has gone.
asio::awaitable<void> RotatingKeys::fetch_keys(std::shared_ptr<Shared> shared) {
  const auto text = co_await shared->fetch();
  auto keys = read_keys(text);
  if (!keys) {
    const Error& error = keys.error();
    log::warn("the keys of a token issuer could not be fetched",
              {{"error", error.code}, {"reason", error.message}, {"detail", error.detail}});
  }
  shared->fetched(std::move(keys));
}

asio::awaitable<Result<KeySet>> RotatingKeys::keys_for(std::shared_ptr<Shared> shared, KeySet::Claimed claimed) {
  const auto loop = co_await asio::this_coro::executor;
  const auto next = shared->next(claimed, loop);
  if (next.fetch) asio::co_spawn(loop, fetch_keys(shared), asio::detached);
  if (next.waiter) {
    co_await next.waiter->wait(shared->patience);
    shared->leave(next.waiter);
  }
  co_return shared->find(claimed);
}

asio::awaitable<Result<Claims>> RotatingKeys::verify(std::string token, ClaimRules rules) const {
  const auto shared = shared_;
  auto parsed = parse_token(token);
  if (!parsed) co_return parsed.error();
  if (parsed->algorithm != to_string(Algorithm::rs256)) {
    co_return make_error("token_signature", "the token is not signed with RS256");
  }
  const KeySet::Claimed claimed{parsed->algorithm, parsed->key_id};
  const auto keys = co_await keys_for(shared, claimed);
  if (!keys) co_return keys.error();
  if (!keys->verify(claimed, parsed->signed_part, parsed->signature)) {
    co_return make_error("token_signature", "the token's signature is not by the key that it names");
  }
  const auto checked = check_claims(parsed->claims, rules, shared->clock.wall());
  if (!checked) co_return checked.error();
  co_return std::move(parsed->claims);
}

}  // namespace trunkline::auth
