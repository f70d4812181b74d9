#pragma once

#include <trunkline/base/clock.hpp>
#include <trunkline/providers/acs/http_call.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

namespace trunkline::providers::acs {

/// How often and how soon a request is repeated.
struct RetryProfile {
  int retries = 3;
  milliseconds first_wait{1'000};  ///< doubles with each retry
  milliseconds longest_wait{64'000};
  milliseconds attempt{10'000};  ///< for one attempt
  milliseconds total{90'000};    ///< for all attempts and the waits between them
};

/// For answering: a call rings for 30 seconds, and whoever hears of it late has lost it.
inline constexpr RetryProfile ringing{3, milliseconds{1'000}, milliseconds{4'000}, milliseconds{5'000},
                                      milliseconds{14'500}};
/// For questions with somebody waiting for the answer.
inline constexpr RetryProfile brief{2, milliseconds{500}, milliseconds{2'000}, milliseconds{4'500},
                                    milliseconds{9'500}};

/// What came of one attempt.
struct Outcome {
  enum class Kind : std::uint8_t {
    answered,
    not_sent,     ///< no connection, or it broke before the request was out: nothing can have happened
    no_response,  ///< the request was sent, and no answer came, or half of one
  };
  Kind kind = Kind::answered;
  int status = 0;                           ///< of an answer
  std::optional<milliseconds> retry_after;  ///< what the service asked for
};

/// Decides after each attempt of one request whether it is sent again. 429 and 503 wait as long as the service says;
/// 408 and 5xx (but not 501 and 505) and what broke wait exponentially. What may not be done twice is sent again only
/// when it certainly was not done.
class RetryMachine {
 public:
  RetryMachine(const RetryProfile& profile, Repeat repeat, MonoTime started)
      : profile_(profile), repeat_(repeat), deadline_(started + profile.total) {}

  /// How long to wait before it is sent again; nothing: no more. `chance` is random, 0 up to 1: waits are between half
  /// and the whole of what the schedule says, so that many who failed together do not come back together.
  std::optional<milliseconds> step(const Outcome& outcome, MonoTime now, double chance);

  /// What is left for an attempt that begins now.
  milliseconds time_left(MonoTime now) const;

 private:
  bool worth_it(const Outcome& outcome) const;
  milliseconds wait_after(const Outcome& outcome, double chance) const;

  RetryProfile profile_;
  Repeat repeat_;
  MonoTime deadline_;
  int retried_ = 0;
};

/// Reads what a 429 or 503 asks for: `retry-after-ms`, `x-ms-retry-after-ms`, or `Retry-After` in seconds or as a date.
/// `header(name)` gives an empty view for what is not there. Nothing when none can be read; at most a day.
std::optional<milliseconds> read_retry_after(const std::function<std::string_view(std::string_view)>& header,
                                             WallTime now);

}  // namespace trunkline::providers::acs
