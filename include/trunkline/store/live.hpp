#pragma once

#include <trunkline/base/clock.hpp>
#include <trunkline/base/result.hpp>

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace trunkline::store {

namespace asio = boost::asio;

/// What a token bucket says to one request.
struct BucketAnswer {
  bool admitted = false;
  std::int64_t remaining = 0;   ///< whole tokens left
  milliseconds retry_after{0};  ///< until the request would be admitted; 0 when it is
  milliseconds full_after{0};   ///< until the bucket is full again
};

/// A bucket holds `capacity` tokens and gets `per_minute` of them a minute, evenly.
struct BucketShape {
  std::int64_t capacity = 0;
  std::int64_t per_minute = 0;
};

using Hash = std::map<std::string, std::string>;
using Scored = std::pair<std::string, double>;

/// What is live right now, and only that: whatever it holds can be lost at any moment and is made again from the
/// database and from what the nodes are doing. One interface, two drivers: in process, and Redis, which all nodes
/// share.
///
/// Keys and channels are ours alone: the driver puts its prefix before them. A value has a time to live, always. Any
/// worker may call; the answer comes back to the caller's loop. Errors: `live_unavailable` (not reachable, no answer
/// in time: the operation may have happened), `live_failed` (Redis refused it).
class LiveStore {
 public:
  virtual ~LiveStore() = default;

  virtual asio::awaitable<Result<>> put(std::string key, std::string value, milliseconds ttl) = 0;
  /// True when the key was not there and now is.
  virtual asio::awaitable<Result<bool>> put_new(std::string key, std::string value, milliseconds ttl) = 0;
  virtual asio::awaitable<Result<std::optional<std::string>>> get(std::string key) = 0;
  virtual asio::awaitable<Result<>> remove(std::string key) = 0;
  /// True when the key is there, and now lives for `ttl`.
  virtual asio::awaitable<Result<bool>> keep(std::string key, milliseconds ttl) = 0;

  /// Replaces the whole hash, in one transaction.
  virtual asio::awaitable<Result<>> put_hash(std::string key, Hash fields, milliseconds ttl) = 0;
  /// As put_hash(), with `version` (below 2^53) as the field of that name, unless the hash that is there has a higher
  /// one: whoever is late changes nothing. True when it was put.
  virtual asio::awaitable<Result<bool>> put_newer(std::string key, Hash fields, std::int64_t version,
                                                  milliseconds ttl) = 0;
  virtual asio::awaitable<Result<Hash>> get_hash(std::string key) = 0;  ///< empty when there is none

  /// A sorted set of at most `limit` members: those with the highest scores stay.
  virtual asio::awaitable<Result<>> add_scored(std::string key, std::string member, double score, std::size_t limit,
                                               milliseconds ttl) = 0;
  virtual asio::awaitable<Result<>> remove_scored(std::string key, std::string member) = 0;
  virtual asio::awaitable<Result<std::vector<Scored>>> scored(std::string key) = 0;  ///< by score, lowest first

  /// A list of at most `limit` items: the newest stay.
  virtual asio::awaitable<Result<>> append_to(std::string key, std::string item, std::size_t limit,
                                              milliseconds ttl) = 0;
  virtual asio::awaitable<Result<std::vector<std::string>>> items_of(std::string key) = 0;  ///< oldest first

  /// Makes `holder` the owner with that fencing number, unless somebody else has it with the same or a higher one: who
  /// was made owner later wins, however late the earlier one asks. Asking again keeps it for another `ttl`.
  virtual asio::awaitable<Result<bool>> claim(std::string key, std::string holder, std::int64_t fence,
                                              milliseconds ttl) = 0;
  /// Gives up what `holder` holds with that number; nothing when it is held otherwise.
  virtual asio::awaitable<Result<>> release(std::string key, std::string holder, std::int64_t fence) = 0;

  /// Takes one token. A bucket of which nothing is known is full.
  virtual asio::awaitable<Result<BucketAnswer>> take(std::string bucket, BucketShape shape) = 0;

  /// Gives how many processes it was sent to: one counts once, however many of its own listen there.
  virtual asio::awaitable<Result<std::int64_t>> publish(std::string channel, std::string message) = 0;

  /// From now on `on_message` hears what is published there, on one loop, also after a lost connection, never what was
  /// said while there was none; `on_gap`, on the same loop, says that there was such a time. Ends when the subscription
  /// is destroyed, on that loop or after it stopped.
  class Subscription {
   public:
    virtual ~Subscription() = default;
  };
  using OnMessage = std::function<void(std::string_view message)>;
  virtual std::unique_ptr<Subscription> subscribe(std::string channel, OnMessage on_message,
                                                  std::function<void()> on_gap) = 0;

  /// Whether there is a connection that answers; for readiness and metrics. Any thread.
  virtual bool connected() const = 0;
  /// Grows with each connection that was made after one was lost: what was there may be gone. Any thread.
  virtual std::uint64_t losses() const = 0;
  virtual std::string_view driver() const = 0;  ///< `memory` or `redis`

  /// Takes no more; what waits fails with `live_unavailable`. While the loops turn.
  virtual void stop() = 0;
};

}  // namespace trunkline::store
