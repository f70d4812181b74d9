#pragma once

#include <trunkline/base/clock.hpp>
#include <trunkline/config/settings.hpp>
#include <trunkline/observe/metrics.hpp>
#include <trunkline/providers/reception.hpp>
#include <trunkline/store/live.hpp>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace trunkline::api {

namespace asio = boost::asio;

/// What is limited, and by whom.
enum class LimitClass : std::uint8_t {
  api_read,   ///< requests of a token's subject that change nothing
  api_write,  ///< the others
  webhook,    ///< of an address, before any proof is looked at
  upgrade,    ///< asked for by an address
  unproven,   ///< of an address: what failed authentication or signature, and nothing else
  phone,      ///< new calls of a calling number
};
std::string_view to_string(LimitClass kind);

/// What a limit says to one request.
struct LimitAnswer {
  bool admitted = true;
  std::int64_t limit = 0;  ///< tokens in a full bucket; 0: no limit applies, and nothing below means anything
  std::int64_t remaining = 0;
  milliseconds retry_after{0};  ///< when it is not admitted
  milliseconds full_after{0};
};

/// Token buckets in the live store, so that all nodes share them. Any worker.
///
/// A store that is away lets requests pass: they are counted, and for a second it is not asked again. Who was refused
/// is remembered here until the bucket has a token again, so that a flood does not become one for the store. Addresses,
/// subjects and numbers are keys as digests only; of an IPv6 address the first 64 bits count, which is what one
/// customer of a network gets.
class RateLimits final : public providers::CallerLimit {
 public:
  /// The references outlive it.
  RateLimits(store::LiveStore& live, const config::Limits& settings, observe::Metrics& metrics, const Clock& clock);

  /// Takes a token of `who`: a subject, an address, a number.
  asio::awaitable<LimitAnswer> take(LimitClass kind, std::string who);

  /// Takes one of `phone`.
  asio::awaitable<bool> admits(std::string number) override;

  /// How many tokens come in a minute (0: no limit) and how many a bucket holds. For subjects and webhooks that is a
  /// tenth, at least 10: they work all the time. For addresses and numbers it is all of it: whoever reconnects after a
  /// restart, or has lost its token, comes with everything at once.
  store::BucketShape shape_of(LimitClass kind) const;

 private:
  struct Refusal {
    MonoTime until;
    MonoTime full;
  };

  std::optional<LimitAnswer> refused_before(const std::string& bucket, std::int64_t limit);
  void remember(const std::string& bucket, const store::BucketAnswer& answer);
  bool store_rests() const;
  void note_away(const Error& error);

  store::LiveStore& live_;
  const config::Limits& settings_;
  observe::Metrics& metrics_;
  const Clock& clock_;
  std::atomic<MonoTime> rests_until_{MonoTime::min()};
  std::atomic<bool> away_{false};
  std::mutex mutex_;
  std::unordered_map<std::string, Refusal> refusals_;
};

}  // namespace trunkline::api
