#pragma once

#include <trunkline/auth/jwt.hpp>
#include <trunkline/base/clock.hpp>
#include <trunkline/base/result.hpp>

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

namespace trunkline::auth {

/// Gets the text of an issuer's JWK set (RFC 7517). It limits its own time, to less than 30 s, and its answer.
using FetchKeys = std::function<boost::asio::awaitable<Result<std::string>>()>;

/// Checks tokens of a foreign issuer, who publishes its keys and changes them when it likes. Any thread.
///
/// The keys are kept: fetched at the first token, anew when they are a day old (the old ones serve meanwhile, and for
/// as long as that fails) and when a token names a key that is not among them, which is done once a minute at most, as
/// anybody can make such a token. One fetch runs at a time; whoever needs its outcome waits for it.
class RotatingKeys {
 public:
  static constexpr std::size_t max_bytes = 64 * 1024;  ///< of the text; it may hold 100 keys
  static constexpr std::size_t max_waiting = 1'000;    ///< for one fetch; more get `keys_unavailable` at once

  /// `fetch` runs on the loop of whoever needs it first. It and `clock` outlive every loop that verify() ran on.
  /// `patience` is how long one token waits for keys.
  RotatingKeys(FetchKeys fetch, const Clock& clock, milliseconds patience = milliseconds{5'000});

  /// Takes RS256 and nothing else, whatever the token says. Errors: those of verify_token(), and `keys_unavailable`: it
  /// cannot be said now whether the token is good, so that its sender should try again.
  boost::asio::awaitable<Result<Claims>> verify(std::string token, ClaimRules rules) const;

 private:
  struct Shared;
  struct Waiter;
  static boost::asio::awaitable<Result<KeySet>> keys_for(std::shared_ptr<Shared> shared, KeySet::Claimed claimed);
  static boost::asio::awaitable<void> fetch_keys(std::shared_ptr<Shared> shared);

  std::shared_ptr<Shared> shared_;
};

}  // namespace trunkline::auth
