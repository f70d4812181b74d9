#include <trunkline/base/text.hpp>
#include <trunkline/providers/acs/retry.hpp>

#include <algorithm>

namespace trunkline::providers::acs {
namespace {

constexpr milliseconds longest_asked = std::chrono::hours(24);

bool worth_repeating(int status) {
  if (status == 429 || status == 408) return true;
  return status >= 500 && status != 501 && status != 505;
}

std::optional<milliseconds> at_most_a_day(std::optional<std::uint64_t> count, milliseconds unit) {
  if (!count) return std::nullopt;
  const auto most = static_cast<std::uint64_t>(longest_asked / unit);
  return unit * static_cast<std::int64_t>(std::min(*count, most));
}

}  // namespace

bool RetryMachine::worth_it(const Outcome& outcome) const {
  if (retried_ >= profile_.retries) return false;
  if (outcome.kind == Outcome::Kind::not_sent) return true;
  if (repeat_ == Repeat::once) return false;
  return outcome.kind == Outcome::Kind::no_response || worth_repeating(outcome.status);
}

milliseconds RetryMachine::wait_after(const Outcome& outcome, double chance) const {
  const bool asked = outcome.status == 429 || outcome.status == 503;
  if (asked && outcome.retry_after) return *outcome.retry_after;
  const auto doubled = profile_.first_wait * (std::int64_t{1} << std::min(retried_, 16));
  const auto most = static_cast<double>(std::min<milliseconds>(doubled, profile_.longest_wait).count());
  return milliseconds{static_cast<std::int64_t>(most / 2 + most / 2 * std::clamp(chance, 0.0, 1.0))};
}

std::optional<milliseconds> RetryMachine::step(const Outcome& outcome, MonoTime now, double chance) {
  if (!worth_it(outcome)) return std::nullopt;
  const milliseconds wait = wait_after(outcome, chance);
  if (wait >= time_left(now)) return std::nullopt;
  ++retried_;
  return wait;
}

milliseconds RetryMachine::time_left(MonoTime now) const {
  return std::max(milliseconds{0}, std::chrono::duration_cast<milliseconds>(deadline_ - now));
}

std::optional<milliseconds> read_retry_after(const std::function<std::string_view(std::string_view)>& header,
                                             WallTime now) {
  for (const std::string_view name : {"retry-after-ms", "x-ms-retry-after-ms"}) {
    const auto asked = at_most_a_day(text::to_uint(text::trim(header(name))), milliseconds{1});
    if (asked) return asked;
  }
  const std::string_view value = text::trim(header("Retry-After"));
  if (const auto asked = at_most_a_day(text::to_uint(value), std::chrono::seconds{1})) return asked;
  if (const auto date = text::parse_rfc2822(value)) return std::clamp(*date - now, milliseconds{0}, longest_asked);
  return std::nullopt;
}

}  // namespace trunkline::providers::acs
