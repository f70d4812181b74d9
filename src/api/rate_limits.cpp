#include <trunkline/api/rate_limits.hpp>
#include <trunkline/base/cidr.hpp>
#include <trunkline/base/crypto.hpp>
#include <trunkline/observe/log.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace trunkline::api {
namespace {

constexpr std::array<std::string_view, 6> names = {"api.read", "api.write", "webhook", "upgrade", "unproven", "phone"};
constexpr std::int64_t least_burst = 10;
constexpr std::int64_t burst_share = 10;  // a tenth of a minute's
constexpr std::size_t most_refusals = 10'000;
constexpr milliseconds store_rest{1'000};
constexpr std::size_t network_bytes = 8;  // of an IPv6 address
constexpr std::size_t digest_bytes = 16;

bool is_of_address(LimitClass kind) {
  return kind == LimitClass::webhook || kind == LimitClass::upgrade || kind == LimitClass::unproven;
}

std::string network_of(std::string address) {
  const auto parsed = parse_ip(address);
  if (!parsed || parsed->is_v4()) return address;
  const auto bytes = parsed->to_v6().to_bytes();
  return crypto::hex({reinterpret_cast<const char*>(bytes.data()), network_bytes});
}

std::string bucket_of(LimitClass kind, std::string who) {
  if (is_of_address(kind)) who = network_of(std::move(who));
  return "limit/" + std::string(to_string(kind)) + "/" + crypto::hex(crypto::sha256(who).substr(0, digest_bytes));
}

}  // namespace

std::string_view to_string(LimitClass kind) {
  return names[static_cast<std::size_t>(kind)];
}

RateLimits::RateLimits(store::LiveStore& live, const config::Limits& settings, observe::Metrics& metrics,
                       const Clock& clock)
    : live_(live), settings_(settings), metrics_(metrics), clock_(clock) {
  for (const std::string_view name : names) metrics_.rate_limited(name);  // there from the start
}

asio::awaitable<bool> RateLimits::admits(std::string number) {
  const LimitAnswer answer = co_await take(LimitClass::phone, std::move(number));
  co_return answer.admitted;
}

store::BucketShape RateLimits::shape_of(LimitClass kind) const {
  const auto whole = [](std::size_t per_minute) {
    return store::BucketShape{static_cast<std::int64_t>(per_minute), static_cast<std::int64_t>(per_minute)};
  };
  const auto burst = [](std::size_t per_minute) {
    const auto amount = static_cast<std::int64_t>(per_minute);
    return store::BucketShape{std::max(amount / burst_share, least_burst), amount};
  };
  switch (kind) {
    case LimitClass::api_read:
      return burst(settings_.api_read_per_minute);
    case LimitClass::api_write:
      return burst(settings_.api_write_per_minute);
    case LimitClass::webhook:
      return burst(settings_.webhook_per_minute);
    case LimitClass::upgrade:
      return whole(settings_.upgrade_per_minute);
    case LimitClass::unproven:
      return whole(settings_.unproven_per_minute);
    case LimitClass::phone:
      return whole(settings_.phone_per_minute);
  }
  return {};
}

asio::awaitable<LimitAnswer> RateLimits::take(LimitClass kind, std::string who) {
  const store::BucketShape shape = shape_of(kind);
  if (shape.per_minute == 0) co_return LimitAnswer{};
  const std::string bucket = bucket_of(kind, std::move(who));
  auto answer = refused_before(bucket, shape.capacity);
  if (!answer && !store_rests()) {
    const auto taken = co_await live_.take(bucket, shape);
    if (taken) {
      away_ = false;
      answer = LimitAnswer{taken->admitted, shape.capacity, taken->remaining, taken->retry_after, taken->full_after};
      if (!taken->admitted) remember(bucket, *taken);
    } else {
      note_away(taken.error());
    }
  }
  if (!answer) {
    metrics_.rate_limits_unchecked().add();
    co_return LimitAnswer{};
  }
  if (!answer->admitted) metrics_.rate_limited(to_string(kind)).add();
  co_return *answer;
}

std::optional<LimitAnswer> RateLimits::refused_before(const std::string& bucket, std::int64_t limit) {
  const MonoTime now = clock_.mono();
  const std::lock_guard lock(mutex_);
  const auto found = refusals_.find(bucket);
  if (found == refusals_.end()) return std::nullopt;
  const Refusal known = found->second;
  if (known.until <= now) {
    refusals_.erase(found);
    return std::nullopt;
  }
  return LimitAnswer{false, limit, 0, std::chrono::ceil<milliseconds>(known.until - now),
                     std::chrono::ceil<milliseconds>(known.full - now)};
}

// Where there is no room for one more the store is asked again: that costs time, and is right.
void RateLimits::remember(const std::string& bucket, const store::BucketAnswer& answer) {
  const MonoTime now = clock_.mono();
  const std::lock_guard lock(mutex_);
  if (refusals_.size() >= most_refusals) {
    std::erase_if(refusals_, [now](const auto& entry) { return entry.second.until <= now; });
  }
  if (refusals_.size() < most_refusals) {
    refusals_[bucket] = {now + answer.retry_after, now + answer.full_after};
  }
}

bool RateLimits::store_rests() const {
  return clock_.mono() < rests_until_.load();
}

void RateLimits::note_away(const Error& error) {
  rests_until_ = clock_.mono() + store_rest;
  if (away_.exchange(true)) return;
  log::warn("rate limits are not applied: the live store is away", {{"reason", error.message}});
}

}  // namespace trunkline::api
